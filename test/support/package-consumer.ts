// Compiled and run by packages.test.ts in a fresh project that has nothing but the packed packages.
import { createRequire } from "node:module";
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { CloseCode } from "velaros-protocol";
import type { WireErrorCode } from "velaros-protocol";

const transport = new LocalTransport();

const users = new Router().use(json()).publicBind("/users/:id", (ctx) => {
  const id: string = ctx.params.id;
  // @ts-expect-error the route has no parameter of this name
  void ctx.params.name;
  return { id };
});
// @ts-expect-error a service needs a router or another handler
void (() => new Service("broken", transport, 5));
// @ts-expect-error no such code
const wrong: WireErrorCode = "NO_SUCH_CODE";
void wrong;

const gateway = new Gateway("main-gateway", transport);
const service = new Service("users", transport, users);
await gateway.start();
await service.start();
const listening = await new Router().use(json()).use(gateway).listen({ port: 0, path: "/ws" });

// Through require, because this project has no types for ws, and must not need any.
const { WebSocket } = createRequire(import.meta.url)("ws");
const socket = new WebSocket(listening.url);
socket.once("open", () => socket.send(JSON.stringify({ id: "1", path: "/users/42" })));
socket.once("message", async (data: unknown) => {
  process.stdout.write(`${String(data)}\n`);
  socket.close(CloseCode.NORMAL);
  await service.stop();
  await gateway.stop();
  await listening.close();
});
