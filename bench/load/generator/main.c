// The load generator: a process of its own that does what its parent asks on stdin and answers with a line of
// JSON on stdout. It reads the CPU accounts of the servers itself, at the very moment at which it reads its
// own counters.
//
//   connect <name> <port> <dialect> <path> <connections> <rings> <frame bytes> <slots> <first id> <text bytes>
//     and then the bytes of the rings
//   run <name> <in flight, or 0> <per second, or 0> <warm-up ms> <window ms> <process id>…
//   disconnect <name>
//
// In C, because in JavaScript it would cost as much per message as the servers that it measures.
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "client.h"
#include "clock.h"

enum { MAX_GROUPS = 64, MAX_RINGS = 1024, MAX_PROCESSES = 64, EVENTS_AT_ONCE = 512, CONNECTS_AT_ONCE = 200 };
static const int64_t drain_timeout_ns = 5000000000;
static const int64_t shortest_tick_ns = 50000;

/** The clients that one `connect` made. */
typedef struct {
  char name[64];
  Client *clients;
  unsigned size;
  Ring *rings;
  uint8_t *frames;
  Tally tally;
} Group;

/** An open loop: so many messages per second, whether or not answers come. */
typedef struct {
  Group *group;
  double per_second;
  int64_t started_ns;
  uint64_t sent;
} Pace;

typedef struct {
  int64_t at_ns, own_ns;
  uint64_t replies;
  int64_t cpu_ns[MAX_PROCESSES];
} Reading;

typedef enum { AT_TIME, AT_COMMAND, AT_DRAINED } Until;

static int poll_fd, timer_fd;
static Group *groups[MAX_GROUPS];
static Pace pace;
/** What events of stdin and of the timer point to. */
static char stdin_mark, timer_mark;

static void answer_error(const char *message) {
  fputs("{\"error\":\"", stdout);
  for (; *message != '\0'; message++) {
    if (*message == '"' || *message == '\\') putchar('\\');
    putchar((unsigned char)*message < ' ' ? ' ' : *message);
  }
  puts("\"}");
}

static void send_what_is_due(void) {
  uint64_t ticks;
  if (read(timer_fd, &ticks, sizeof ticks) < 0 || pace.group == NULL) return;
  Group *group = pace.group;
  uint64_t due = (uint64_t)((double)(now_ns() - pace.started_ns) * pace.per_second / 1e9);
  for (; pace.sent < due; pace.sent++) {
    Client *client = &group->clients[pace.sent % group->size];
    if (client->sent - client->received >= OUTSTANDING_LIMIT) {
      if (group->tally.failure[0] == '\0')
        snprintf(group->tally.failure, sizeof group->tally.failure,
                 "The server can't keep up with %.0f messages per second", pace.per_second);
      return;
    }
    // From when the message was due, not from when the timer got to it: waiting counts.
    client_send(client, 1, pace.started_ns + (int64_t)((double)(pace.sent + 1) * 1e9 / pace.per_second));
  }
}

/** Serves all sockets until then. Ends the process when the parent is gone. */
static void serve(Until until, int64_t until_ns, const Tally *tally) {
  struct epoll_event events[EVENTS_AT_ONCE];
  for (;;) {
    int64_t left_ns = until == AT_COMMAND ? 1000000000 : until_ns - now_ns();
    if (left_ns <= 0) return;
    if (until == AT_DRAINED && (tally->outstanding == 0 || tally->failure[0] != '\0')) return;
    int count = epoll_wait(poll_fd, events, EVENTS_AT_ONCE, (int)((left_ns + 999999) / 1000000));
    for (int index = 0; index < count; index++) {
      void *owner = events[index].data.ptr;
      if (owner == &timer_mark) send_what_is_due();
      else if (owner != &stdin_mark) client_ready(owner, events[index].events);
      else if (until == AT_COMMAND) return;
      else if (events[index].events & EPOLLHUP) exit(0);
    }
  }
}

static Group **find(const char *name) {
  for (unsigned index = 0; index < MAX_GROUPS; index++)
    if (groups[index] != NULL && strcmp(groups[index]->name, name) == 0) return &groups[index];
  return NULL;
}

static void disconnect(Group *group) {
  for (unsigned index = 0; index < group->size; index++) client_close(&group->clients[index]);
  free(group->clients);
  free(group->rings);
  free(group->frames);
  free(group);
}

static bool read_frames(Group *group, unsigned rings, size_t ring_bytes) {
  group->frames = malloc(2 * ring_bytes * rings);
  for (unsigned index = 0; index < rings; index++) {
    uint8_t *ring = group->frames + 2 * ring_bytes * index;
    if (fread(ring, ring_bytes, 1, stdin) != 1) return false;
    memcpy(ring + ring_bytes, ring, ring_bytes);
    group->rings[index].bytes = ring;
  }
  return true;
}

static bool connect_all(Group *group, uint16_t port, const char *path, unsigned connections, unsigned rings) {
  while (group->size < connections) {
    unsigned first = group->size;
    while (group->size < connections && group->size < first + CONNECTS_AT_ONCE) {
      const Ring *ring = &group->rings[group->size % rings];
      Client *client = &group->clients[group->size++];
      if (!client_connect(client, ring, &group->tally, port, path)) return false;
    }
    for (unsigned index = first; index < group->size; index++)
      if (!client_await_open(&group->clients[index], poll_fd)) return false;
  }
  return true;
}

static void perform_connect(const char *line) {
  char name[64], dialect[16], path[512];
  unsigned port, connections, rings;
  Ring ring = {0};
  if (sscanf(line, "connect %63s %u %15s %511s %u %u %zu %u %u %zu", name, &port, dialect, path, &connections,
             &rings, &ring.frame_bytes, &ring.slots, &ring.first_id, &ring.text_size) != 10 ||
      connections == 0 || rings == 0 || rings > MAX_RINGS || find(name) != NULL) {
    // The bytes that follow can't be told from commands any more.
    answer_error("The generator does not understand this connect");
    exit(1);
  }
  ring.dialect = strcmp(dialect, "socket.io") == 0 ? SOCKET_IO : ENVELOPE;
  Group *group = calloc(1, sizeof *group);
  strcpy(group->name, name);
  group->clients = calloc(connections, sizeof *group->clients);
  group->rings = calloc(rings, sizeof ring);
  for (unsigned index = 0; index < rings; index++) group->rings[index] = ring;
  if (!read_frames(group, rings, ring.frame_bytes * ring.slots)) exit(0);

  int64_t from_ns = now_ns();
  if (!connect_all(group, (uint16_t)port, path, connections, rings)) {
    answer_error(group->tally.failure);
    disconnect(group);
    return;
  }
  for (unsigned index = 0; index < MAX_GROUPS; index++) {
    if (groups[index] != NULL) continue;
    groups[index] = group;
    printf("{\"result\":{\"connectSeconds\":%.6f}}\n", (double)(now_ns() - from_ns) / 1e9);
    return;
  }
  answer_error("The generator holds too many groups of clients");
  disconnect(group);
}

static void start_load(Group *group, unsigned in_flight, double per_second) {
  if (in_flight > 0) {
    group->tally.refill = true;
    for (unsigned index = 0; index < group->size; index++) client_send(&group->clients[index], in_flight, now_ns());
    return;
  }
  pace = (Pace){.group = group, .per_second = per_second, .started_ns = now_ns()};
  int64_t tick_ns = fmax((double)shortest_tick_ns, 1e9 / per_second);
  struct timespec tick = {.tv_sec = tick_ns / 1000000000, .tv_nsec = tick_ns % 1000000000};
  timerfd_settime(timer_fd, 0, &(struct itimerspec){.it_interval = tick, .it_value = tick}, NULL);
}

static void stop_load(Group *group) {
  group->tally.refill = false;
  pace.group = NULL;
  timerfd_settime(timer_fd, 0, &(struct itimerspec){0}, NULL);
}

static void take_reading(Reading *reading, const Tally *tally, const pid_t *processes, unsigned count) {
  for (unsigned index = 0; index < count; index++) reading->cpu_ns[index] = process_cpu_ns(processes[index]);
  reading->own_ns = process_cpu_ns(getpid());
  reading->replies = tally->replies;
  reading->at_ns = now_ns();
}

static void print_window(const Reading *before, const Reading *after, unsigned processes, const Tally *tally,
                         double p50, double p99) {
  double seconds = (double)(after->at_ns - before->at_ns) / 1e9;
  double replies = (double)(after->replies - before->replies);
  double own = (double)(after->own_ns - before->own_ns);
  // JSON has no NaN: a window without replies has no latencies and no costs.
  double per_reply = replies > 0 ? 1 / (replies * 1000) : 0;
  printf("{\"result\":{\"seconds\":%.6f,\"replies\":%.0f,\"p50Micros\":%.2f,\"p99Micros\":%.2f,", seconds, replies,
         isnan(p50) ? 0 : p50, isnan(p99) ? 0 : p99);
  printf("\"generatorMicrosPerReply\":%.4f,\"generatorUtilisation\":%.5f,\"checkedReplies\":%llu,", own * per_reply,
         own / seconds / 1e9, (unsigned long long)tally->checked);
  printf("\"cpuMicrosPerReply\":[");
  for (unsigned index = 0; index < processes; index++)
    printf("%s%.4f", index == 0 ? "" : ",", (double)(after->cpu_ns[index] - before->cpu_ns[index]) * per_reply);
  puts("]}}");
}

static void perform_run(char *line) {
  char name[64];
  unsigned in_flight, warmup_ms, window_ms, count = 0;
  double per_second;
  int used = 0;
  if (sscanf(line, "run %63s %u %lf %u %u%n", name, &in_flight, &per_second, &warmup_ms, &window_ms, &used) != 5 ||
      find(name) == NULL || in_flight > OUTSTANDING_LIMIT || (in_flight == 0 && per_second <= 0)) {
    answer_error("The generator does not understand this run, or nothing is connected under its name");
    return;
  }
  pid_t processes[MAX_PROCESSES];
  char *rest = NULL;
  for (char *word = strtok_r(line + used, " \n", &rest); word != NULL && count < MAX_PROCESSES;
       word = strtok_r(NULL, " \n", &rest))
    processes[count++] = (pid_t)atoi(word);

  Group *group = *find(name);
  Tally *tally = &group->tally;
  Reading before, after;
  start_load(group, in_flight, per_second);
  serve(AT_TIME, now_ns() + warmup_ms * 1000000ll, tally);
  histogram_reset(&tally->latencies);
  take_reading(&before, tally, processes, count);
  serve(AT_TIME, now_ns() + window_ms * 1000000ll, tally);
  take_reading(&after, tally, processes, count);
  double p50 = histogram_quantile_micros(&tally->latencies, 0.5);
  double p99 = histogram_quantile_micros(&tally->latencies, 0.99);
  stop_load(group);

  // Every message must be answered in the end, and nothing may have gone wrong on the way.
  serve(AT_DRAINED, now_ns() + drain_timeout_ns, tally);
  if (tally->failure[0] == '\0' && tally->outstanding != 0)
    snprintf(tally->failure, sizeof tally->failure, "%lld replies are missing after 5 s",
             (long long)tally->outstanding);
  if (tally->failure[0] != '\0') answer_error(tally->failure);
  else print_window(&before, &after, count, tally, p50, p99);
}

static void perform_disconnect(const char *line) {
  char name[64];
  Group **found = sscanf(line, "disconnect %63s", name) == 1 ? find(name) : NULL;
  if (found != NULL) {
    disconnect(*found);
    *found = NULL;
  }
  puts("{\"result\":{}}");
}

static void watch(int descriptor, void *owner) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, descriptor, &event);
}

int main(void) {
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (poll_fd < 0 || timer_fd < 0) return 1;
  watch(STDIN_FILENO, &stdin_mark);
  watch(timer_fd, &timer_mark);

  char *line = NULL;
  size_t capacity = 0;
  for (;;) {
    // Between commands pings are answered. The parent waits for an answer before it asks again, so that nothing
    // of a command lies in stdin's buffer by now.
    serve(AT_COMMAND, 0, NULL);
    if (getline(&line, &capacity, stdin) < 0) return 0;
    if (strncmp(line, "connect ", 8) == 0) perform_connect(line);
    else if (strncmp(line, "run ", 4) == 0) perform_run(line);
    else if (strncmp(line, "disconnect ", 11) == 0) perform_disconnect(line);
    else answer_error("The generator does not know this command");
    fflush(stdout);
  }
}
