// Splits the bytes of a server into WebSocket frames (RFC 6455 §5.2) by length alone. Payloads are looked at
// only when the owner asks for one, so counting costs next to nothing beside the system calls.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  /** Whether a data frame that begins like this counts as a reply. At most two bytes are given. */
  bool (*is_reply)(void *owner, const uint8_t *start, size_t size);
  /** Whether the content of this reply is wanted; `index` counts the replies that this call completes. */
  bool (*wants_content)(void *owner, unsigned index);
  void (*content)(void *owner, const uint8_t *payload, size_t size, unsigned index);
  /** A frame that is no reply: ping, close, or a packet of the dialect's own. */
  void (*control)(void *owner, uint8_t opcode, const uint8_t *payload, size_t size);
} SplitterListener;

typedef struct {
  /** Bytes of a reply that are still to come and that nobody wants to see. */
  size_t skip;
  /** An unfinished frame whose beginning has to be kept. */
  uint8_t *kept;
  size_t kept_size;
} Splitter;

/** Takes the next bytes. Returns how many replies they completed. */
unsigned splitter_take(Splitter *splitter, const SplitterListener *listener, void *owner, const uint8_t *chunk,
                       size_t size);
void splitter_free(Splitter *splitter);
