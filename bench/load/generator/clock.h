// Time, and the CPU time of a process as the system accounts for it.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/** Nanoseconds on a clock that never jumps. */
int64_t now_ns(void);

/** CPU time of a process so far, user and system, all its threads, in nanoseconds; -1 when there is none. */
int64_t process_cpu_ns(pid_t pid);
