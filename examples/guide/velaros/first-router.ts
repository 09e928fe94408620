// A router with a port of its own.
import { Router } from "velaros";
import type { Listening } from "velaros";
import { json } from "velaros/json";

export const router = new Router()
  .use(json()) // reads id and path of each message, so it comes first
  .bind("/hello/:name", (ctx) => ({ text: `Hello, ${ctx.params.name}!` }));

export function serve(port = 8080): Promise<Listening> {
  return router.listen({ port, path: "/ws" });
}
