import { Router } from "velaros";
import type { Socket } from "velaros";
import { json } from "velaros/json";

interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly pushes?: number;
}

/** A router for foreign clients: `/echo` answers, `/count` pushes and answers, `/close` closes. */
export function echoRouter(): Router {
  return new Router({ onError: () => undefined })
    .use(json())
    .publicBind("/echo", async (ctx) => ({ echo: await ctx.receive() }))
    .publicBind("/close", async (ctx) => {
      const { code, reason, pushes = 0 } = await ctx.receive<Closing>();
      count(ctx.socket, pushes);
      ctx.socket.close(code, reason);
    })
    .publicBind("/count", async (ctx) => {
      count(ctx.socket, await ctx.receive<number>());
      return { echo: "done" };
    });
}

function count(socket: Socket, to: number): void {
  for (let index = 0; index < to; index++) void socket.push(index, { path: "/counted" });
}
