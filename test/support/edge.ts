import { once } from "node:events";
import { vi } from "vitest";
import type { ClientOptions } from "ws";
import { WebSocket } from "ws";
import type {
  ConnectionInfo,
  ConnectionInlet,
  ConnectionOutlet,
} from "../../packages/velaros/src/connection.ts";
import type { EndpointHost } from "../../packages/velaros/src/node/endpoint.ts";
import type { Listening } from "../../packages/velaros/src/node/listen.ts";
import { listen } from "../../packages/velaros/src/node/listen.ts";
import type { ListenOptions } from "../../packages/velaros/src/node/options.ts";
import type { RefusalReason } from "../../packages/velaros/src/node/refusal.ts";
import { echo, RecordingInlet } from "./recording-inlet.ts";

/** A host whose inlets are kept for inspection. */
export class RecordingHost implements EndpointHost {
  readonly inlets: RecordingInlet[] = [];
  readonly rateLimitedInlets: ConnectionInlet[] = [];
  supported: readonly string[] = [];
  readonly #onMessage: typeof echo;

  constructor(onMessage: typeof echo = echo) {
    this.#onMessage = onMessage;
  }

  connect(info: ConnectionInfo, outlet: ConnectionOutlet): RecordingInlet {
    const inlet = new RecordingInlet(info, outlet, this.#onMessage);
    this.inlets.push(inlet);
    return inlet;
  }

  subprotocols(): readonly string[] {
    return this.supported;
  }

  rateLimited(inlet: ConnectionInlet): void {
    this.rateLimitedInlets.push(inlet);
  }

  /** The only connection that there has been, once there is one. */
  async single(): Promise<RecordingInlet> {
    return vi.waitUntil(() => (this.inlets.length === 1 ? this.inlets[0] : undefined));
  }
}

export interface Edge extends AsyncDisposable {
  readonly host: RecordingHost;
  readonly listening: Listening;
  readonly port: number;
  readonly refusals: RefusalReason[];
}

/** An endpoint on a free port of the loopback interface. */
export async function startEdge(
  options: Partial<ListenOptions> = {},
  onMessage: typeof echo = echo,
): Promise<Edge> {
  const host = new RecordingHost(onMessage);
  const refusals: RefusalReason[] = [];
  const listening = await listen(host, {
    port: 0,
    host: "127.0.0.1",
    onRefused: (reason) => refusals.push(reason),
    ...options,
  });
  return {
    host,
    listening,
    port: listening.port,
    refusals,
    async [Symbol.asyncDispose]() {
      await listening.close({ graceMs: 50 });
    },
  };
}

export async function openWebSocket(
  url: string,
  protocols: string[] = [],
  options: ClientOptions = {},
): Promise<WebSocket> {
  const client = new WebSocket(url, protocols, options);
  await once(client, "open");
  return client;
}

/** Close code and reason as the client sees them. */
export async function closeOf(
  client: WebSocket,
): Promise<{ readonly code: number; readonly reason: string }> {
  const [code, reason] = (await once(client, "close")) as [number, Buffer];
  return { code, reason: reason.toString() };
}
