import { Bench } from "tinybench";
import { readFrame, writeFrame } from "../../packages/eurus/src/link/frame-codec.ts";
import type { Frame, MessageFrame, OutputFrame } from "../../packages/eurus/src/link/frame.ts";
import { WireReader } from "../../packages/eurus/src/link/wire-reader.ts";
import { WireWriter } from "../../packages/eurus/src/link/wire-writer.ts";

const framesPerBatch = 16;

function message(size: number, number: number): MessageFrame {
  return {
    type: "message",
    pin: 4_711,
    number,
    id: `msg-1234567${number % 10}`,
    path: "/chat/join",
    messageType: "text",
    body: new Uint8Array(size).fill(120),
    dataStart: 40,
    dataEnd: size - 1,
    hasMeta: false,
  };
}

function reply(size: number, number: number, purpose: "reply" | "last-reply"): OutputFrame {
  const body = new Uint8Array(size).fill(120);
  return {
    type: "output",
    pin: 4_711,
    purpose,
    number,
    requestId: undefined,
    messageType: "text",
    body,
  };
}

/** Cost of writing and reading batches of 16 frames: what the hop adds to each message, without the bus. */
export async function benchFrames(): Promise<Bench> {
  const bench = new Bench({ time: 300, warmupTime: 100 });
  const end: Frame = {
    type: "end",
    pin: 4_711,
    numbers: Array.from({ length: framesPerBatch }, (_, at) => at + 1),
  };
  const batches: Readonly<Record<string, readonly Frame[]>> = {
    "16 messages of 64 B": Array.from({ length: framesPerBatch }, (_, at) => message(64, at + 1)),
    "16 messages of 1 KiB": Array.from({ length: framesPerBatch }, (_, at) => message(1_024, at + 1)),
    "16 replies of 64 B and their END": [
      ...Array.from({ length: framesPerBatch }, (_, at) => reply(64, at + 1, "reply")),
      end,
    ],
    "16 last replies of 64 B": Array.from({ length: framesPerBatch }, (_, at) =>
      reply(64, at + 1, "last-reply"),
    ),
    "1 message of 64 KiB": [message(65_536, 1)],
  };
  for (const [title, frames] of Object.entries(batches)) {
    const writer = new WireWriter();
    const write = (): Uint8Array => {
      for (const frame of frames) writeFrame(writer, frame);
      return writer.take();
    };
    // As it comes out of the bus: in a Buffer.
    const bytes = Buffer.from(write());
    const reader = new WireReader();
    bench.add(`write ${title}`, write).add(`read ${title}`, () => {
      reader.reset(bytes);
      let count = 0;
      while (!reader.isAtEnd) if (readFrame(reader).pin > 0) count++;
      return count;
    });
  }
  await bench.run();
  return bench;
}
