// Beside pages that node:http serves; node:https is the same.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Router } from "velaros";

export function createApp(router: Router): Server {
  const server = createServer((request, response) => {
    response.end(`You asked for ${request.url}\n`);
  });
  router.attach(server, { path: "/ws" });
  return server;
}
