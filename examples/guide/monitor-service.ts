// A service that asks its client something, again and again.
import { setTimeout as delay } from "node:timers/promises";
import { Router } from "velaros";
import { json } from "velaros/json";

interface ClientMetrics {
  readonly cpu: number;
  readonly memory: number;
}

export function createRouter(log: (line: string) => void, everyMs: number = 5_000): Router {
  const router = new Router();
  router.use(json());

  router.publicBind("/monitor/start", async (ctx) => {
    try {
      while (!ctx.signal.aborted) {
        await delay(everyMs, undefined, { signal: ctx.signal }); // ends with the connection

        // Ask the client, and wait for what it answers
        const metrics = await ctx.request<ClientMetrics>({ timestamp: Date.now() });
        log(`Client CPU: ${metrics.cpu.toFixed(2)} %, memory: ${metrics.memory.toFixed(2)} %`);
      }
    } catch (error) {
      if (!ctx.signal.aborted) throw error; // else the client is gone, and nothing is wrong
    }
  });

  return router;
}
