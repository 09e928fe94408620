import { LocalTransport } from "eurus/local";
import { close, createFileServer, listen } from "../shared/http-server.ts";
import type { Running } from "../shared/program.ts";
import { startGateway } from "./gateway.ts";
import { createChatService } from "./service.ts";

/** Gateway, service and page in one process; `url` is the page, `log` gets what the service has to say. */
export async function startQuickStart(
  port: number,
  log: (line: string) => void,
): Promise<Running & { readonly url: string }> {
  const transport = new LocalTransport(); // one object for all: it is how they find each other
  const server = createFileServer(new URL("./public/", import.meta.url));
  const boundPort = await listen(server, port);

  const gateway = await startGateway(transport, server);
  const service = createChatService(transport, log);
  const running = service.run(); // announces the routes; resolves after stop()

  return {
    url: `http://localhost:${boundPort}/`,
    async stop() {
      await service.stop();
      await running;
      await gateway.stop();
      await close(server);
    },
  };
}
