// What happens when a client comes and goes.
import { Router } from "velaros";
import { json } from "velaros/json";

export function createRouter(log: (line: string) => void): Router {
  const router = new Router();
  router.use(json());

  router.useOpen((ctx) => {
    // Runs once, when a client connects; in a service, when it is pinned here
    ctx.setOnSocket("connectedAt", Date.now());
    log(`Client connected: ${ctx.socketId}`);
    return ctx.next();
  });

  router.useClose((ctx) => {
    // Runs once, when the client is gone, whoever ended it
    const durationMs = Date.now() - ctx.mustGetFromSocket<number>("connectedAt");
    const { status, reason, source } = ctx.closeStatus();
    log(`Client ${ctx.socketId} disconnected after ${durationMs} ms: ${status} "${reason}" by ${source}`);
  });

  router.publicBind("/hello", (ctx) => ctx.reply("Hello!"));
  return router;
}
