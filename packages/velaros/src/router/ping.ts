import type { Runtime, Timer } from "velaros-protocol";
import { ownCloses } from "../close-reasons.ts";
import type { ConnectionInlet } from "../connection.ts";
import { pingTimes } from "../ping-times.ts";
import { ignore } from "../promises.ts";
import type { CustomConnection } from "./custom-connection.ts";

/** Pings a connection that can be pinged; closes it when no answer comes. Returns the way to stop. */
export function pingCustomConnection(
  connection: CustomConnection,
  inlet: ConnectionInlet,
  runtime: Runtime,
  options: { readonly pingIntervalMs?: number | undefined; readonly pongTimeoutMs?: number | undefined },
): () => void {
  const { intervalMs, timeoutMs } = pingTimes(options);
  if (connection.ping === undefined || intervalMs <= 0) return ignore;
  let timer: Timer;
  let abort: AbortController | undefined;

  const pingLater = (): void => {
    timer = runtime.setTimer(intervalMs, ping);
  };
  const silent = (): void => {
    abort?.abort();
    const { status, reason, source } = ownCloses.pingTimeout;
    inlet.closed(status, reason, source);
  };
  const ping = (): void => {
    timer = runtime.setTimer(timeoutMs, silent);
    abort = new AbortController();
    askOnce(abort.signal).then(() => {
      timer.cancel();
      pingLater();
    }, ignore); // A failed ping is a missing answer: the timer decides.
  };
  const askOnce = async (signal: AbortSignal): Promise<void> => connection.ping?.(signal);

  pingLater();
  return () => {
    timer.cancel();
    abort?.abort();
  };
}
