// A router that serves a worker thread through its message port.
import { on } from "node:events";
import type { MessagePort } from "node:worker_threads";
import type { CustomConnection, Router } from "velaros";

export function serveWorker(router: Router, port: MessagePort): Promise<void> {
  return router.handleConnection({ remoteAddress: "worker" }, connectionOver(port));
}

function connectionOver(port: MessagePort): CustomConnection {
  const messages = on(port, "message", { close: ["close"] });
  return {
    async read() {
      const next = await messages.next();
      if (next.done === true) return undefined; // the other side is gone
      return { type: "text", rawData: new TextEncoder().encode(String(next.value[0])) };
    },
    write(message) {
      port.postMessage(new TextDecoder().decode(message.rawData));
    },
    close() {
      port.close();
    },
  };
}
