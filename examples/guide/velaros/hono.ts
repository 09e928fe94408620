// Beside a Hono app.
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import type { Router } from "velaros";

export function createApp(router: Router): Server {
  const app = new Hono();
  app.get("/hello", (context) => context.text("hello"));

  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  router.attach(server, { path: "/ws" });
  return server;
}
