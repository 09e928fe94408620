import { test } from "vitest";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec, protobufMessage } from "velaros-protocol/protobuf";
import { codecContract } from "velaros-protocol/testing";

const plain = [
  { user: "Alice", tags: ["a", "b"], nested: { deep: [{ x: 1.5 }] } },
  null,
  0,
  -1,
  2 ** 53 - 1,
  true,
  false,
  "",
  'quote " and \\ and é and 😀 and \u0000',
  "x".repeat(70_000),
  [],
  {},
];
const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

const suites = [
  codecContract(jsonCodec, { data: plain, unencodable: cyclic, body: "hello" }).map((it) => ({
    codec: "json",
    it,
  })),
  codecContract(msgpackCodec, {
    data: [...plain, Uint8Array.of(1, 2, 255)],
    unencodable: 1n,
    body: "hello",
  }).map((it) => ({
    codec: "msgpack",
    it,
  })),
  codecContract(protobufCodec, {
    data: [Uint8Array.of(8, 1), new Uint8Array(70_000).fill(7)],
    unencodable: "text",
    body: protobufMessage({ encode: () => Uint8Array.of(8, 2) }, {}),
  }).map((it) => ({ codec: "protobuf", it })),
].flat();

test.for(suites)("$codec $it.name", ({ it }) => it.run());
