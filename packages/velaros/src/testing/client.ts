import { CloseCode } from "velaros-protocol";
import type { CloseStatus, Codec, Envelope, MessageType } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import type { InboundMessage } from "../connection.ts";
import {
  type Connectable,
  type PairedConnection,
  socketPair,
  type SocketPairOptions,
} from "./socket-pair.ts";

/** Who connects, and in which encoding. */
export interface ClientOptions extends Omit<SocketPairOptions, "codec"> {
  /**
   * The encoding that the client speaks.
   *
   * @defaultValue JSON
   */
  readonly codec?: Codec | undefined;
}

/** A client that is connected to a router within the process. */
export interface TestClient extends AsyncDisposable {
  /** The other half of the connection, for what this client does not show. */
  readonly connection: PairedConnection;
  /** Every envelope that the router sent and {@link TestClient.receive} has not taken yet. */
  readonly received: readonly Envelope[];
  /** Sends an envelope. */
  send(envelope: Envelope): void;
  /** Sends bytes or text as they are. */
  sendRaw(message: Uint8Array | string, type?: MessageType): void;
  /** The next envelope that the router sends, in the order in which they are sent; rejects when the connection ends first. */
  receive(): Promise<Envelope>;
  /**
   * Sends a message with an id of its own and waits for its answer; everything else, such as questions of the
   * server, stays for {@link TestClient.receive}. Rejects when the handler ends without an answer, or the
   * connection ends first; behind a gateway it waits for the service, whose handler may choose not to answer.
   */
  request(path: string, data?: unknown): Promise<Envelope>;
  /** Closes as a client does; resolves when the close handlers have run. */
  close(status?: number, reason?: string): Promise<void>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<CloseStatus>;
}

interface Wait {
  readonly id: string | undefined;
  readonly resolve: (envelope: Envelope) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Connects a client to a router, without a network.
 *
 * @example
 * ```ts
 * await using client = connectClient(router);
 * expect(await client.request("/users/7")).toMatchObject({ data: { id: "7" } });
 * ```
 */
export function connectClient(router: Connectable, options: ClientOptions = {}): TestClient {
  const { codec = jsonCodec, onSend, onSettled, ...pairOptions } = options;
  const received: Envelope[] = [];
  const waits: Wait[] = [];
  let requests = 0;
  /** Ids and paths of requests that are being handled. */
  const handled = new Map<InboundMessage, readonly [id: string, path: string]>();
  const connection = socketPair(router, {
    ...pairOptions,
    onSend(message) {
      onSend?.(message);
      const { payload } = message;
      const envelope = codec.decode(
        typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
      );
      // A question of the server may have the id of the request that it is about; only answers have no path.
      const isAnswer = envelope.path === undefined;
      const index = waits.findIndex(({ id }) => id === undefined || (isAnswer && id === envelope.id));
      const [wait] = index < 0 ? [] : waits.splice(index, 1);
      if (wait === undefined) received.push(envelope);
      else wait.resolve(envelope);
    },
    onSettled(message, forwarded) {
      onSettled?.(message, forwarded);
      const [id, path] = handled.get(message) ?? [];
      handled.delete(message);
      if (forwarded) return; // the handler was a gateway, and a service answers
      const index = waits.findIndex((wait) => id !== undefined && wait.id === id);
      const [wait] = index < 0 ? [] : waits.splice(index, 1);
      wait?.reject(new Error(`The handler of "${path}" ended without an answer.`));
    },
  });
  const { inlet } = connection;
  const closed = inlet.finished.then(() => {
    const status = connection.closed ?? { status: CloseCode.ABNORMAL, reason: "", source: "server" };
    const ended = `The connection ended with ${status.status} ${JSON.stringify(status.reason)}.`;
    for (const wait of waits.splice(0)) wait.reject(new Error(ended));
    return status;
  });
  const expectEnvelope = (id: string | undefined): Promise<Envelope> =>
    new Promise((resolve, reject) => {
      if (connection.closed === undefined) waits.push({ id, resolve, reject });
      else reject(new Error("The connection has ended."));
    });

  const toMessage = (envelope: Envelope): InboundMessage => ({
    bytes: codec.encode(envelope),
    type: codec.messageType,
  });

  return {
    connection,
    received,
    closed,
    send: (envelope) => inlet.message(toMessage(envelope)),
    sendRaw(message, type = typeof message === "string" ? "text" : "binary") {
      inlet.message({
        bytes: typeof message === "string" ? new TextEncoder().encode(message) : message,
        type,
      });
    },
    receive() {
      const next = received.shift();
      return next === undefined ? expectEnvelope(undefined) : Promise.resolve(next);
    },
    request(path, data) {
      requests += 1;
      const id = `request-${requests}`;
      const answer = expectEnvelope(id);
      const message = toMessage({ id, path, ...(data === undefined ? undefined : { data }) });
      handled.set(message, [id, path]);
      inlet.message(message);
      return answer;
    },
    async close(status = CloseCode.NORMAL, reason = "") {
      inlet.closed(status, reason, "client");
      await inlet.finished;
    },
    async [Symbol.asyncDispose]() {
      inlet.closed(CloseCode.GOING_AWAY, "", "client");
      await inlet.finished;
    },
  };
}
