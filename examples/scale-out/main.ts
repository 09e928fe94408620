// Two gateways and three instances of a service over NATS, each in a process of its own: who is pinned where, and what happens when one is killed or drained.
import process from "node:process";
import { NatsServerMissing, Processes } from "./processes.ts";
import { show } from "./show.ts";
import { say } from "./terminal.ts";

const processes = new Processes();
const interrupted = new AbortController();
// A terminal sends Ctrl-C to everybody, npm may pass it on once more: only the first one counts.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interrupted.abort());

try {
  await show(processes, interrupted.signal);
} catch (error) {
  if (error instanceof NatsServerMissing) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else if (!interrupted.signal.aborted) {
    throw error;
  }
} finally {
  await processes.stopAll();
}
if (process.exitCode === undefined) say("\nEverything is stopped.");
