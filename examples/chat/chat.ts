import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { close, createFileServer, listen } from "../shared/http-server.ts";
import type { Running } from "../shared/program.ts";
import { createChatRouter } from "./service.ts";

/** Gateway, chat service and page in one process; `url` is the page, the WebSocket is at `/ws` beside it. */
export async function startChat(port: number): Promise<Running & { readonly url: string }> {
  const server = createFileServer(new URL("./public/", import.meta.url));
  const boundPort = await listen(server, port);

  const transport = new LocalTransport();
  const gateway = new Gateway("main-gateway", transport);
  const service = new Service("chat-service", transport, createChatRouter());
  await Promise.all([gateway.start(), service.start()]);

  const edge = new Router().use(json()).use(gateway);
  edge.attach(server, { path: "/ws" });

  return {
    url: `http://localhost:${boundPort}/`,
    async stop() {
      await service.stop();
      await gateway.stop();
      await close(server);
    },
  };
}
