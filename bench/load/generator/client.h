// One WebSocket client: sends ready-made frames, counts replies, and answers each with the next message when
// asked to.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "histogram.h"
#include "splitter.h"

/** A client never has more unanswered messages than this. */
enum { OUTSTANDING_LIMIT = 64 };

typedef enum { ENVELOPE, SOCKET_IO } Dialect;

/** Masked frames of one size, one after the other, stored twice so that a slice never wraps. */
typedef struct {
  const uint8_t *bytes;
  size_t frame_bytes;
  unsigned slots;
  /** The message in slot n has the id `first_id` + n. */
  unsigned first_id;
  Dialect dialect;
  /** What every reply has to carry: a JSON member `text` with this many letters x. */
  size_t text_size;
} Ring;

/** What the clients of one name count together. */
typedef struct {
  uint64_t replies;
  uint64_t checked;
  int64_t outstanding;
  Histogram latencies;
  /** Whether each reply is followed by the next message. */
  bool refill;
  /** What went wrong first; empty while nothing did. */
  char failure[512];
} Tally;

typedef struct {
  int socket;
  int poll;
  const Ring *ring;
  Tally *tally;
  Splitter splitter;
  uint64_t sent;
  uint64_t received;
  int64_t sent_at_ns[OUTSTANDING_LIMIT];
  /** What the socket did not take yet: a slice of the ring. `is_full` while it takes nothing. */
  const uint8_t *unwritten;
  size_t unwritten_size;
  bool is_full;
  bool is_open;
} Client;

/** Connects and asks for the upgrade. False, with the reason in the tally, when that fails. */
bool client_connect(Client *client, const Ring *ring, Tally *tally, uint16_t port, const char *path);
/** Waits for the answer to the handshake, and for Socket.IO's own one. */
bool client_await_open(Client *client, int poll);
/** Sends the next `count` messages in one write; their latency counts from `since_ns`. */
void client_send(Client *client, unsigned count, int64_t since_ns);
/** What `epoll_wait` said about this client. */
void client_ready(Client *client, uint32_t events);
void client_close(Client *client);
