#define _GNU_SOURCE
#include "client.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "clock.h"

/** Every so many replies of a client one is compared. Prime, so that it visits all slots. */
enum { CHECK_EVERY = 1021, READ_BYTES = 256 * 1024, HANDSHAKE_TIMEOUT_SECONDS = 10 };
static const unsigned char no_mask[4] = {0, 0, 0, 0};
/** Shared by all clients: the bytes are consumed before the next read. */
static uint8_t read_buffer[READ_BYTES];

static bool fail(Client *client, const char *what, const char *detail) {
  Tally *tally = client->tally;
  if (tally->failure[0] == '\0') snprintf(tally->failure, sizeof tally->failure, "%s%.400s", what, detail);
  return false;
}

static bool is_reply(void *owner, const uint8_t *start, size_t size) {
  const Client *client = owner;
  return client->ring->dialect == ENVELOPE || (size > 2 && start[0] == '4' && start[1] == '3');
}

static bool wants_content(void *owner, unsigned index) {
  const Client *client = owner;
  return (client->received + index) % CHECK_EVERY == 0;
}

/** Whether `"text":"xxx…"` with exactly as many letters as were sent is in there. */
static bool has_text(const uint8_t *payload, size_t size, size_t text_size) {
  static const char member[] = "\"text\":\"";
  const uint8_t *found = memmem(payload, size, member, sizeof member - 1);
  if (found == NULL) return false;
  const uint8_t *text = found + sizeof member - 1;
  size_t left = size - (size_t)(text - payload);
  if (left <= text_size || text[text_size] != '"') return false;
  for (size_t index = 0; index < text_size; index++)
    if (text[index] != 'x') return false;
  return true;
}

static void check(void *owner, const uint8_t *payload, size_t size, unsigned index) {
  Client *client = owner;
  const Ring *ring = client->ring;
  char id[32];
  unsigned expected = ring->first_id + (unsigned)((client->received + index) % ring->slots);
  snprintf(id, sizeof id, ring->dialect == SOCKET_IO ? "43%u[" : "\"id\":\"%u\"", expected);
  client->tally->checked++;
  if (memmem(payload, size, id, strlen(id)) != NULL && has_text(payload, size, ring->text_size)) return;
  char shown[256];
  snprintf(shown, sizeof shown, "%u: %.*s", expected, (int)(size < 200 ? size : 200), (const char *)payload);
  fail(client, "A reply does not answer message ", shown);
}

/** A short client frame. Its mask is zero, which the RFC allows and which leaves the payload as it is. */
static void write_frame(Client *client, uint8_t opcode, const void *payload, size_t size) {
  uint8_t frame[131] = {(uint8_t)(0x80 | opcode), (uint8_t)(0x80 | size)};
  memcpy(frame + 2, no_mask, 4);
  memcpy(frame + 6, payload, size);
  if (client->is_full || send(client->socket, frame, 6 + size, MSG_NOSIGNAL) != (ssize_t)(6 + size))
    fail(client, "An answer to a control frame could not be written", "");
}

/** Engine.IO packets: 0 is its handshake, 2 a ping; 40 is Socket.IO's own handshake. */
static void socket_io_control(Client *client, const uint8_t *payload, size_t size) {
  if (size == 1 && payload[0] == '2') write_frame(client, 0x1, "3", 1);
  else if (size > 0 && payload[0] == '0') write_frame(client, 0x1, "40", 2);
  else if (size > 1 && payload[0] == '4' && payload[1] == '0') client->is_open = true;
  else fail(client, "An unexpected packet of Socket.IO", "");
}

static void control(void *owner, uint8_t opcode, const uint8_t *payload, size_t size) {
  Client *client = owner;
  if (opcode == 0x9 && size < 126) write_frame(client, 0xa, payload, size);
  if (opcode == 0x1) socket_io_control(client, payload, size);
  if (opcode != 0x8) return;
  char shown[160];
  int status = size >= 2 ? payload[0] << 8 | payload[1] : 1005;
  snprintf(shown, sizeof shown, "%d %.*s", status, size > 2 ? (int)size - 2 : 0, (const char *)payload + 2);
  fail(client, "The server closed a connection: ", shown);
}

static const SplitterListener listener = {is_reply, wants_content, check, control};

bool client_connect(Client *client, const Ring *ring, Tally *tally, uint16_t port, const char *path) {
  memset(client, 0, sizeof *client);
  client->ring = ring;
  client->tally = tally;
  client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client->socket < 0) return fail(client, "No socket: ", strerror(errno));
  int on = 1;
  setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct timeval timeout = {HANDSHAKE_TIMEOUT_SECONDS, 0};
  setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client->socket, (struct sockaddr *)&address, sizeof address) != 0)
    return fail(client, "Not connected: ", strerror(errno));

  char request[1024];
  int size = snprintf(request, sizeof request,
                      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                      path, port);
  if (write(client->socket, request, (size_t)size) != size)
    return fail(client, "The handshake could not be sent: ", strerror(errno));
  return true;
}

bool client_await_open(Client *client, int poll) {
  char head[4096];
  size_t size = 0;
  const char *end = NULL;
  while (end == NULL) {
    ssize_t got = size < sizeof head ? read(client->socket, head + size, sizeof head - size) : 0;
    if (got <= 0) return fail(client, "No answer to the handshake within 10 s", "");
    size += (size_t)got;
    end = memmem(head, size, "\r\n\r\n", 4);
  }
  if (strncmp(head, "HTTP/1.1 101 ", 13) != 0) {
    *(char *)memchr(head, '\r', size) = '\0';
    return fail(client, "Handshake refused: ", head);
  }
  size_t used = (size_t)(end - head) + 4;
  client->is_open = client->ring->dialect == ENVELOPE;
  splitter_take(&client->splitter, &listener, client, (const uint8_t *)head + used, size - used);
  while (!client->is_open) {
    ssize_t got = read(client->socket, read_buffer, READ_BYTES);
    if (got <= 0) return fail(client, "Socket.IO did not answer within 10 s", "");
    splitter_take(&client->splitter, &listener, client, read_buffer, (size_t)got);
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  client->poll = poll;
  epoll_ctl(poll, EPOLL_CTL_ADD, client->socket, &event);
  return true;
}

static void watch(Client *client, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = client};
  epoll_ctl(client->poll, EPOLL_CTL_MOD, client->socket, &event);
}

/** Writes until the socket takes no more; then it is watched until it does again. */
static void write_slice(Client *client) {
  while (client->unwritten_size > 0) {
    ssize_t wrote = send(client->socket, client->unwritten, client->unwritten_size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote < 0) {
      if (errno != EAGAIN) fail(client, "A message could not be sent: ", strerror(errno));
      else if (!client->is_full) watch(client, EPOLLIN | EPOLLOUT);
      client->is_full = errno == EAGAIN;
      return;
    }
    client->unwritten += wrote;
    client->unwritten_size -= (size_t)wrote;
  }
  if (client->is_full) watch(client, EPOLLIN);
  client->is_full = false;
}

void client_send(Client *client, unsigned count, int64_t since_ns) {
  const Ring *ring = client->ring;
  if (client->unwritten_size == 0)
    client->unwritten = ring->bytes + client->sent % ring->slots * ring->frame_bytes;
  client->unwritten_size += count * ring->frame_bytes;
  for (unsigned index = 0; index < count; index++)
    client->sent_at_ns[(client->sent + index) % OUTSTANDING_LIMIT] = since_ns;
  client->sent += count;
  client->tally->outstanding += count;
  if (!client->is_full) write_slice(client);
}

static void read_replies(Client *client) {
  ssize_t got = recv(client->socket, read_buffer, READ_BYTES, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    epoll_ctl(client->poll, EPOLL_CTL_DEL, client->socket, NULL);
    fail(client, "The server closed a connection", "");
    return;
  }
  unsigned replies = splitter_take(&client->splitter, &listener, client, read_buffer, (size_t)got);
  if (replies == 0) return;
  Tally *tally = client->tally;
  int64_t now = now_ns();
  for (unsigned index = 0; index < replies; index++)
    histogram_record(&tally->latencies, now - client->sent_at_ns[(client->received + index) % OUTSTANDING_LIMIT]);
  client->received += replies;
  tally->replies += replies;
  tally->outstanding -= replies;
  if (tally->refill) client_send(client, replies, now);
}

void client_ready(Client *client, uint32_t events) {
  if (events & EPOLLOUT) write_slice(client);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_replies(client);
}

void client_close(Client *client) {
  if (client->socket >= 0) close(client->socket);
  splitter_free(&client->splitter);
}
