#include "clock.h"
#include <time.h>

static int64_t read_ns(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) return -1;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t now_ns(void) { return read_ns(CLOCK_MONOTONIC); }

int64_t process_cpu_ns(pid_t pid) {
  clockid_t clock;
  return clock_getcpuclockid(pid, &clock) == 0 ? read_ns(clock) : -1;
}
