import { pathToFileURL } from "node:url";
import { Bench } from "tinybench";
import type { Codec, Envelope } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec } from "velaros-protocol/protobuf";

const records = Array.from({ length: 1_000 }, (_, at) => ({
  id: at,
  name: `user ${at}`,
  active: true,
  score: 1.5,
}));

const plainBodies = {
  "64 B": { user: "Alice" },
  "1 KiB": "x".repeat(1_024),
  "64 KiB": "x".repeat(65_536),
  "64 KiB of records": records,
};
const binaryBodies = {
  "64 B": new Uint8Array(16).fill(7),
  "64 KiB": new Uint8Array(65_536).fill(7),
};

/** Cost of what happens to every message: finding its route, decoding its data, encoding the answer. */
export async function benchCodecs(): Promise<Bench> {
  const bench = new Bench({ time: 300, warmupTime: 100 });
  const subjects: readonly (readonly [codec: Codec, bodies: Readonly<Record<string, unknown>>])[] = [
    [jsonCodec, plainBodies],
    [msgpackCodec, plainBodies],
    [protobufCodec, binaryBodies],
  ];
  for (const [codec, bodies] of subjects) {
    for (const [size, data] of Object.entries(bodies)) {
      const question: Envelope = { id: "msg-12345678", path: "/chat/join", data };
      // As they come out of `ws`.
      const bytes = Buffer.from(codec.encode(question));
      const { dataStart, dataEnd } = codec.outline(bytes);
      const range = bytes.subarray(dataStart, dataEnd);
      const answer: Envelope = { id: "msg-12345678", data };
      const title = `${codec.name} ${size}`;
      bench
        .add(`${title}: outline`, () => codec.outline(bytes))
        .add(`${title}: decode data`, () => codec.decodeData(range))
        .add(`${title}: decode`, () => codec.decode(bytes))
        .add(`${title}: encode`, () => codec.encode(answer));
      if (codec.encodeText !== undefined)
        bench.add(`${title}: encode text`, () => codec.encodeText?.(answer));
      if (codec === jsonCodec) {
        bench
          .add(`${title}: JSON.parse of the whole, for comparison`, () => JSON.parse(bytes.toString()))
          .add(`${title}: JSON.stringify of the whole, for comparison`, () => JSON.stringify(answer));
      }
    }
  }
  await bench.run();
  return bench;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const bench = await benchCodecs();
  for (const { name, result } of bench.tasks) {
    if (result.state === "completed") {
      process.stdout.write(`${(result.latency.p50 * 1_000).toFixed(2).padStart(10)} µs  ${name}\n`);
    }
  }
}
