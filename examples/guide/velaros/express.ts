// Beside an Express app.
import { createServer } from "node:http";
import type { Server } from "node:http";
import express from "express";
import type { Router } from "velaros";

export function createApp(router: Router): Server {
  const app = express();
  app.get("/hello", (_request, response) => void response.send("hello"));

  const server = createServer(app);
  router.attach(server, { path: "/ws" });
  return server;
}
