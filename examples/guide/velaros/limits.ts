// Limits of handlers belong to the router, limits of connections to where it listens.
import { Router } from "velaros";
import type { Listening } from "velaros";
import { json } from "velaros/json";

export const router = new Router({
  maxHandlersPerSocket: 16,
  requestTimeoutMs: 30_000,
  onUnanswered: ({ code, path }) => console.warn(`${code} at ${path}`),
})
  .use(json())
  .bind("/echo", (ctx) => ctx.reply(ctx.unmarshal()));

export function serve(port: number): Promise<Listening> {
  return router.listen({
    port,
    maxMessageBytes: 64 * 1024,
    messagesPerSecond: 50,
    maxConnectionsPerAddress: 100,
    onRefused: (reason) => console.warn(`Refused a client: ${reason}`),
  });
}
