// A route for the inside: not announced, so no client gets there through a gateway.
import { Router } from "velaros";
import { json } from "velaros/json";

interface Health {
  readonly ok: boolean;
  readonly database: string;
}

export function createRouter(checkHealth: () => Promise<Health>): Router {
  const router = new Router();
  router.use(json());

  router.bind("/health", async (ctx) => {
    const health = await checkHealth();
    if (!health.ok) ctx.status = 503; // travels with the answer; the connection stays as it is
    await ctx.reply(health);
  });

  return router;
}
