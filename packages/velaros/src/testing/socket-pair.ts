import type { CloseStatus, MessageType } from "velaros-protocol";
import type {
  ConnectionInfo,
  ConnectionInlet,
  ConnectionOutlet,
  InboundMessage,
  OutboundPurpose,
} from "../connection.ts";
import { VelarosError } from "../errors.ts";
import type { ConnectOptions } from "../socket/host.ts";

/** A router, or anything else that takes in connections. */
export interface Connectable {
  connect(info: ConnectionInfo, outlet: ConnectionOutlet, options?: ConnectOptions): ConnectionInlet;
}

/** One encoded message that the router sent. */
export interface OutgoingMessage {
  /** The whole message; text for text frames where the codec writes text. */
  readonly payload: Uint8Array | string;
  /** The kind of frame that it leaves in. */
  readonly type: MessageType;
  /** Whether it answers, asks or neither. */
  readonly purpose: OutboundPurpose;
  /** For a reply the message that it answers, for a request its id. */
  readonly about: InboundMessage | string | undefined;
}

/** Who the pair pretends to be, and what it wants to know. */
export interface SocketPairOptions extends Partial<ConnectionInfo>, ConnectOptions {
  /** Called with each message, in the turn in which it is sent. */
  readonly onSend?: ((message: OutgoingMessage) => void) | undefined;
  /** Called with each message whose chain has ended, in that turn; `forwarded` when somebody else may still answer it. */
  readonly onSettled?: ((message: InboundMessage, forwarded: boolean) => void) | undefined;
}

/** The client's half of a connection without a network. */
export interface PairedConnection {
  /** Where messages are handed in, and the end of the connection. */
  readonly inlet: ConnectionInlet;
  /** Everything that was sent so far. */
  readonly sent: readonly OutgoingMessage[];
  /** Messages whose chains have ended, in that order. */
  readonly settled: readonly InboundMessage[];
  /** Ids of requests that nobody waits for any longer. */
  readonly requestsDone: readonly string[];
  /** Whether the router asked to hand in no more messages for now. */
  readonly paused: boolean;
  /** How the router ended the connection; undefined before that. */
  readonly closed: CloseStatus | undefined;
  /** How often the router ended it; a correct router does so once. */
  readonly closeCount: number;
  /** From now on `send` reports that the client is slow, until {@link PairedConnection.catchUp}. */
  fallBehind(): void;
  /** Lets everything that waits for room go on. */
  catchUp(): void;
}

/** Connects to a router within the process and records what it does. */
export function socketPair(router: Connectable, options: SocketPairOptions = {}): PairedConnection {
  const { onSend, onSettled, publicOnly, allowsPath, beforeWaiting, onError, ...info } = options;
  const sent: OutgoingMessage[] = [];
  const settled: InboundMessage[] = [];
  const requestsDone: string[] = [];
  let paused = false;
  let closed: CloseStatus | undefined;
  let closeCount = 0;
  let behind: { readonly promise: Promise<void>; resolve(): void; reject(error: Error): void } | undefined;

  const outlet: ConnectionOutlet = {
    send(payload, type, purpose, about) {
      const message = { payload, type, purpose, about };
      sent.push(message);
      onSend?.(message);
      return behind?.promise;
    },
    close(status, reason, source) {
      closed = { status, reason, source };
      closeCount += 1;
      behind?.reject(new VelarosError("VELAROS_SOCKET_CLOSED", { action: "send", status, reason }));
    },
    pause: () => void (paused = true),
    resume: () => void (paused = false),
    settled(message, forwarded) {
      settled.push(message);
      onSettled?.(message, forwarded);
    },
    requestDone: (id) => void requestsDone.push(id),
  };
  const inlet = router.connect({ remoteAddress: "127.0.0.1", headers: {}, ...info }, outlet, {
    publicOnly,
    allowsPath,
    beforeWaiting,
    onError,
  });
  return {
    inlet,
    sent,
    settled,
    requestsDone,
    get paused() {
      return paused;
    },
    get closed() {
      return closed;
    },
    get closeCount() {
      return closeCount;
    },
    fallBehind() {
      if (behind !== undefined) return;
      let resolve = (): void => {};
      let reject = (_error: Error): void => {};
      const promise = new Promise<void>((...settle) => {
        [resolve, reject] = settle;
      });
      promise.catch(() => {});
      behind = { promise, resolve, reject };
    },
    catchUp() {
      behind?.resolve();
      behind = undefined;
    },
  };
}
