#include "splitter.h"
#include <stdlib.h>
#include <string.h>

static size_t header_size(const uint8_t *bytes, size_t available) {
  if (available < 2) return 2;
  uint8_t length = bytes[1] & 0x7f;
  return length < 126 ? 2 : length == 126 ? 4 : 10;
}

static size_t payload_size(const uint8_t *bytes, size_t header) {
  if (header == 2) return bytes[1] & 0x7f;
  size_t size = 0;
  for (size_t index = 2; index < header; index++) size = size << 8 | bytes[index];
  return size;
}

static void keep(Splitter *splitter, const uint8_t *bytes, size_t size) {
  splitter->kept = malloc(size);
  if (splitter->kept == NULL) abort();
  memcpy(splitter->kept, bytes, size);
  splitter->kept_size = size;
}

/** Splits what is there. Returns how many replies were completed. */
static unsigned split(Splitter *splitter, const SplitterListener *listener, void *owner, const uint8_t *bytes,
                      size_t size, unsigned replies) {
  size_t offset = 0;
  while (offset < size) {
    const uint8_t *frame = bytes + offset;
    size_t available = size - offset;
    size_t header = header_size(frame, available);
    if (available < header) break;
    size_t payload = payload_size(frame, header);
    if (available < header + (payload < 2 ? payload : 2)) break;

    uint8_t opcode = frame[0] & 0x0f;
    bool whole = available >= header + payload;
    if (opcode > 0x2 || !listener->is_reply(owner, frame + header, payload)) {
      if (!whole) break;
      listener->control(owner, opcode, frame + header, payload);
    } else if (whole) {
      if (listener->wants_content(owner, replies)) listener->content(owner, frame + header, payload, replies);
      replies++;
    } else {
      if (listener->wants_content(owner, replies)) break;
      splitter->skip = header + payload - available;
      return replies;
    }
    offset += header + payload;
  }
  if (offset < size) keep(splitter, bytes + offset, size - offset);
  return replies;
}

unsigned splitter_take(Splitter *splitter, const SplitterListener *listener, void *owner, const uint8_t *chunk,
                       size_t size) {
  unsigned replies = 0;
  if (splitter->skip > 0) {
    if (splitter->skip > size) {
      splitter->skip -= size;
      return 0;
    }
    chunk += splitter->skip;
    size -= splitter->skip;
    splitter->skip = 0;
    replies = 1;
  }
  if (splitter->kept == NULL) return split(splitter, listener, owner, chunk, size, replies);

  uint8_t *joined = realloc(splitter->kept, splitter->kept_size + size);
  if (joined == NULL) abort();
  memcpy(joined + splitter->kept_size, chunk, size);
  size += splitter->kept_size;
  splitter->kept = NULL;
  replies = split(splitter, listener, owner, joined, size, replies);
  free(joined);
  return replies;
}

void splitter_free(Splitter *splitter) {
  free(splitter->kept);
  splitter->kept = NULL;
}
