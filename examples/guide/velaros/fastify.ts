// Beside a Fastify app.
import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import type { Router } from "velaros";

export function createApp(router: Router): FastifyInstance {
  const app = fastify();
  app.get("/hello", () => "hello");

  router.attach(app.server, { path: "/ws" });
  return app;
}
