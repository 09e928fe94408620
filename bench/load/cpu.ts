import { readdirSync, readFileSync } from "node:fs";

/** CPU time that a process has used so far, user and system, all its threads, in microseconds. */
export function cpuMicros(pid: number): number {
  return schedulerMicros(pid) ?? statMicros(pid);
}

/** Resident memory of a process in KiB. */
export function residentKib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
}

/** The scheduler's own account in nanoseconds; not compiled into every kernel. */
function schedulerMicros(pid: number): number | undefined {
  let nanos = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanos += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ")[0]);
    } catch {
      // The thread ended in between, or this kernel keeps no such account.
    }
  }
  return nanos > 0 ? nanos / 1000 : undefined;
}

/** Clock ticks of 10 ms (the value that Linux shows to user space). */
function statMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
