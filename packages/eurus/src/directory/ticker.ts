import type { Runtime, Timer } from "velaros-protocol";
import { tickMs } from "./leases.ts";

/**
 * Calls `onTick` every 250 ms, after the input that was ready then has been taken. However long the loop stood still,
 * that was one tick.
 *
 * @returns Ends it.
 */
export function startTicks(runtime: Pick<Runtime, "setTimer" | "defer">, onTick: () => void): () => void {
  let timer: Timer;
  let isStopped = false;
  const arm = (): Timer =>
    runtime.setTimer(tickMs, () => {
      runtime.defer(() => {
        if (isStopped) return;
        timer = arm();
        onTick();
      });
    });
  timer = arm();
  return () => {
    isStopped = true;
    timer.cancel();
  };
}
