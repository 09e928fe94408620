// The smallest chat: a gateway, a service that remembers who you are, and a page that talks to them.
import { pathToFileURL } from "node:url";
import { LocalTransport } from "eurus/local";
import { close, createFileServer, listen } from "../shared/http-server.ts";
import { runProgram } from "../shared/program.ts";
import type { Running } from "../shared/program.ts";
import { startGateway } from "./gateway.ts";
import { createChatService } from "./service.ts";

/** Starts everything; `url` is the page. */
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runProgram(async (port) => {
    const quickStart = await startQuickStart(port, (line) => console.log(line));
    console.log(`Open ${quickStart.url} and look at this terminal. Ctrl-C ends.`);
    return quickStart;
  });
}
