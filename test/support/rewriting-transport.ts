import type { Transport } from "eurus";
import { WrappedTransport } from "./wrapped-transport.ts";

interface Frames {
  readonly frames: readonly Readonly<Record<string, unknown>>[];
}

/** The bus of a process that says on its links what it should not: each frame passes through `rewrite`. */
export class RewritingTransport extends WrappedTransport {
  readonly #rewrite: (frame: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

  /** @param bus - One that carries objects. */
  constructor(
    bus: Transport,
    rewrite: (frame: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
  ) {
    super(bus);
    this.#rewrite = rewrite;
  }

  override publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    const packet = hasFrames(payload)
      ? { ...payload, frames: payload.frames.map((frame) => this.#rewrite(frame)) }
      : payload;
    super.publish(subject, packet, undeliverableSubject);
  }
}

function hasFrames(payload: object): payload is Frames {
  return "frames" in payload;
}
