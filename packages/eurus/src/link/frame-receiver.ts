import type { Runtime } from "velaros-protocol";

import { ownCloses } from "../close-reasons.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { readFrame } from "./frame-codec.ts";
import type { WireFrame } from "./frame-codec.ts";
import type { FrameSender } from "./frame-sender.ts";
import type { Frame, MessageFrame } from "./frame.ts";
import type { LinkLimits } from "./limits.ts";
import { Reassembly } from "./reassembly.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { WireReader } from "./wire-reader.ts";

/** What {@link FrameReceiver} needs of the link around it. */
export interface FrameReceiverPort {
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  /** Memory for large bodies on their way in, of all links of the process. */
  readonly reassembly: ByteBudget;
  /** The other direction, which what arrives may set going or end. */
  readonly sender: FrameSender;
  /** Nothing more is handed to the owner. */
  readonly isLost: () => boolean;
  /** Hands a frame to the owner. */
  deliver(frame: Frame): void;
  /** The stream of a pin can't go on. */
  problem(pin: number, problem: string): void;
}

type Numbered = { -readonly [Key in keyof MessageFrame]: MessageFrame[Key] };

/**
 * The way of frames into a link over a lossy bus: out of a batch, put together from pieces, numbered and handed to the
 * owner of the link, as long as their pin is there. What the owner consumes is granted to the peer again.
 */
export class FrameReceiver {
  readonly #port: FrameReceiverPort;
  readonly #windows: ReceiveWindows;
  readonly #reassembly: Reassembly;
  readonly #wholeReader = new WireReader();
  #batch: WireFrame[] = [];

  constructor(port: FrameReceiverPort) {
    const { runtime, limits, reassembly, sender } = port;
    this.#port = port;
    this.#windows = new ReceiveWindows(limits.pinWindowBytes);
    this.#reassembly = new Reassembly({
      runtime,
      stallMs: limits.transferStallMs,
      budget: reassembly,
      grant: (pin, bytes) => sender.credit(pin, bytes),
      hasUnconsumed: (pin) => this.#windows.hasPrepaid(pin),
      abort: (pin, problem) => this.#abort(pin, problem),
    });
  }

  /** The pin exists from now on: frames of it are taken. */
  add(pin: number): void {
    this.#windows.add(pin);
  }

  /** Drops what arrives for the pin from now on. */
  release(pin: number): void {
    this.#windows.release(pin);
    this.#reassembly.release(pin);
  }

  /** The owner has consumed this many bytes of a body. */
  consumed(pin: number, bytes: number): void {
    const granted = this.#windows.consumed(pin, bytes);
    if (granted > 0) this.#port.sender.credit(pin, granted);
    if (!this.#reassembly.isIdle && !this.#windows.hasPrepaid(pin)) this.#reassembly.consumed(pin);
  }

  /** Reads all frames of a batch before any is taken: never is a part of it. Throws {@link MalformedPacket}. */
  read(reader: WireReader): void {
    const batch: WireFrame[] = [];
    while (!reader.isAtEnd) batch.push(readFrame(reader));
    this.#batch = batch;
  }

  /** Takes the frames that were read. */
  take(): void {
    const batch = this.#batch;
    // Not kept until the next one comes: with many links that would be much.
    this.#batch = [];
    for (const frame of batch) {
      if (this.#port.isLost()) break;
      this.#take(frame);
    }
  }

  stop(): void {
    this.#reassembly.stop();
  }

  #take(frame: WireFrame): void {
    const { pin } = frame;
    const { sender } = this.#port;
    switch (frame.type) {
      case "message":
      case "output":
        this.#deliver(frame);
        return;
      case "credit":
        // What still waits to leave, the close of the pin included, needs these also after the pin has ended here.
        sender.credited(pin, frame.bytes);
        return;
      case "open":
        this.#windows.add(pin);
        break;
      case "opened":
        sender.opened(pin);
        break;
      case "refused":
      case "close":
      case "unpin":
        // The peer drops whatever still comes for the pin, and grants no room for it.
        sender.discard(pin);
        break;
      case "chunk":
      case "end":
      case "request-done":
        break;
    }
    // Frames of a pin that has ended cross its end.
    if (!this.#windows.has(pin)) return;
    if (frame.type === "chunk") {
      const whole = this.#reassembly.take(frame);
      if (typeof whole === "string") this.#abort(pin, whole);
      else if (whole !== undefined) this.#takeWhole(pin, whole);
      return;
    }
    this.#deliver(frame);
  }

  #takeWhole(pin: number, bytes: Uint8Array): void {
    let frame: WireFrame;
    try {
      this.#wholeReader.reset(bytes);
      frame = readFrame(this.#wholeReader);
    } catch (error) {
      this.#abort(pin, error instanceof Error ? error.message : String(error));
      return;
    }
    if ((frame.type !== "message" && frame.type !== "output") || frame.pin !== pin) {
      this.#abort(pin, "a large message is not what it claimed to be");
      return;
    }
    this.#windows.prepay(pin, frame.body.length);
    if (!this.#windows.hasPrepaid(pin)) this.#reassembly.consumed(pin);
    this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    if (frame.type === "message") {
      const number = this.#windows.countMessage(frame.pin);
      // A message of a pin that has ended; of output that goes nowhere the gateway keeps count.
      if (number === 0) return;
      (frame as Numbered).number = number;
    }
    this.#port.deliver(frame);
  }

  /** A pin whose stream can't go on: both owners see it closed. */
  #abort(pin: number, problem: string): void {
    this.#port.problem(pin, problem);
    this.release(pin);
    const close: Frame = { type: "close", pin, ...ownCloses.transferFailed };
    this.#port.sender.send(close);
    this.#port.deliver(close);
  }
}
