import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { close, createFileServer, listen } from "../shared/http-server.ts";
import type { Running } from "../shared/program.ts";
import { createChatRouter } from "./service.ts";

/** Gateway, chat service and page in one process; `url` is the page, the WebSocket is at `/ws` beside it. */
export async function startChat(port: number): Promise<Running & { readonly url: string }> {
  const transport = new LocalTransport();
  const gateway = new Gateway("main-gateway", transport);
  const service = new Service("chat-service", transport, createChatRouter());
  await Promise.all([gateway.start(), service.start()]);

  const edge = new Router().use(json()).use(gateway);
  const server = createFileServer(new URL("./public/", import.meta.url), {
    "/ws": (request, response) => edge.handleRequest(request, response), // who forgot to upgrade is told so
  });
  const webSockets = edge.attach(server, { path: "/ws" });

  async function stop(): Promise<void> {
    await webSockets.close({ graceMs: 500 });
    await Promise.all([service.stop(), gateway.stop()]);
    await close(server);
  }
  try {
    const boundPort = await listen(server, port);
    return { url: `http://localhost:${boundPort}/`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
