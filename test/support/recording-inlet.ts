import type {
  ConnectionInfo,
  ConnectionInlet,
  ConnectionOutlet,
  InboundMessage,
} from "../../packages/velaros/src/connection.ts";
import type { CloseSource } from "velaros-protocol";

/** One call of {@link ConnectionInlet.closed}. */
export interface End {
  readonly status: number;
  readonly reason: string;
  readonly source: CloseSource;
}

/** A small real inlet: keeps what it is told, answers as `onMessage` says, and closes its outlet when it ends. */
export class RecordingInlet implements ConnectionInlet {
  readonly busy = false;
  readonly socketId: string;
  readonly info: ConnectionInfo;
  readonly outlet: ConnectionOutlet;
  readonly messages: InboundMessage[] = [];
  readonly ends: End[] = [];
  readonly finished: Promise<void>;
  #finish: () => void = () => undefined;
  readonly #onMessage: (inlet: RecordingInlet, message: InboundMessage) => void;

  constructor(
    info: ConnectionInfo,
    outlet: ConnectionOutlet,
    onMessage: (inlet: RecordingInlet, message: InboundMessage) => void,
  ) {
    this.socketId = String(Math.random());
    this.info = info;
    this.outlet = outlet;
    this.#onMessage = onMessage;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
  }

  message(message: InboundMessage): void {
    this.messages.push(message);
    this.#onMessage(this, message);
  }

  closed(status: number, reason: string, source: CloseSource): void {
    this.ends.push({ status, reason, source });
    this.outlet.close(status, reason, source);
    this.#finish();
  }

  get texts(): string[] {
    return this.messages.map(({ bytes }) => new TextDecoder().decode(bytes));
  }
}

export function echo(inlet: RecordingInlet, message: InboundMessage): void {
  void inlet.outlet.send(message.bytes, message.type, "reply", message);
}
