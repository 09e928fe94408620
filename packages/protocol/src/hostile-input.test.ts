import { Encoder, ExtData } from "@msgpack/msgpack";
import { Writer } from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import { CodecError, envelopeLimits } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec } from "velaros-protocol/protobuf";

test("refuses ids that are neither text nor absent [fault:E2]", () => {
  const ids = ["1", "9007199254740993", "{}", "[]", "true"];

  for (const id of ids) expect(() => jsonCodec.outline(utf8(`{"id":${id}}`))).toThrow(CodecError);
  for (const id of [1, 1.5, true, [], {}])
    expect(() => msgpackCodec.outline(packed({ id }))).toThrow(CodecError);
  expect(jsonCodec.outline(utf8('{"id":null}')).id).toBeUndefined();
  expect(msgpackCodec.outline(packed({ id: null })).id).toBeUndefined();
});

test("refuses the key __proto__ inside data, however it is spelled [fault:E3]", () => {
  const spellings = [
    '{"__proto__":{"x":1}}',
    '[{"a":{"__proto__":1}}]',
    '{"\\u005f_proto\\u005F\\u005f":{"x":1}}',
  ];
  // { "__proto__": { "x": 1 } } and the same inside an array
  const inMsgpack = ["81a95f5f70726f746f5f5f81a17801", "9181a95f5f70726f746f5f5f01"];

  for (const text of spellings) expect(() => jsonCodec.decodeData(utf8(text))).toThrow(CodecError);
  for (const text of spellings)
    expect(() => jsonCodec.outline(utf8(`{"unknown":${text}}`))).toThrow(CodecError);
  for (const hex of inMsgpack) expect(() => msgpackCodec.decodeData(fromHex(hex))).toThrow(CodecError);
  expect("x" in {}).toBe(false);
});

test("accepts __proto__ as an ordinary string and as a key of the metadata map [fault:E3]", () => {
  expect(jsonCodec.decodeData(utf8('"__proto__"'))).toBe("__proto__");
  for (const codec of [jsonCodec, msgpackCodec, protobufCodec]) {
    const meta = JSON.parse('{"__proto__":{"x":1}}') as Record<string, unknown>;
    const decoded = codec.decodeMeta(codec.encode({ meta }));

    expect(Object.keys(decoded)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(decoded)).toBe(null);
  }
});

test("accepts 64 open levels and refuses 65, the envelope included [fault:E5]", () => {
  const inside = envelopeLimits.depth - 1;

  jsonCodec.decode(utf8(`{"data":${"[".repeat(inside)}${"]".repeat(inside)}}`));
  msgpackCodec.decode(nestedArrays(inside));
  expect(() =>
    jsonCodec.outline(utf8(`{"data":${"[".repeat(inside + 1)}${"]".repeat(inside + 1)}}`)),
  ).toThrow(/64 levels/);
  expect(() => msgpackCodec.outline(nestedArrays(inside + 1))).toThrow(/64 levels/);
});

test("refuses a million open levels without following them [fault:E5]", () => {
  const levels = 1_000_000;
  const groups = new Uint8Array(levels).fill(0x3b); // field 7, start of group

  expect(() => jsonCodec.outline(utf8(`{"data":${"[".repeat(levels)}`))).toThrow(/64 levels/);
  expect(() => jsonCodec.outline(utf8(`{"meta":${'{"a":'.repeat(levels)}`))).toThrow(/64 levels/);
  expect(() => jsonCodec.outline(utf8(`{"x":${"[{".repeat(levels)}`))).toThrow(/64 levels/);
  expect(() => msgpackCodec.outline(nestedArrays(levels))).toThrow(/64 levels/);
  expect(() => protobufCodec.outline(groups)).toThrow(/64 levels/);
});

test("keeps a deep Protobuf metadata value as the bytes it is", () => {
  const deep = utf8("[".repeat(4_000) + "]".repeat(4_000));
  const meta = protobufCodec.decodeMeta(protobufCodec.encode({ meta: { deep } }));

  expect(meta["deep"]).toEqual(deep);
});

test.for([
  ["array", "ddffffffff"],
  ["map", "dfffffffff"],
  ["binary", "c6ffffffff"],
  ["string", "dbffffffff"],
  ["extension", "c9ffffffff01"],
  ["array of arrays", "ddfffffff0ddfffffff0ddfffffff0"],
] as const)("refuses a MessagePack %s of four billion without believing it [fault:E6]", ([, hex]) => {
  expect(() => msgpackCodec.outline(fromHex(hex))).toThrow(CodecError);
  expect(() => msgpackCodec.outline(fromHex(`81a464617461${hex}`))).toThrow(CodecError);
  expect(() => msgpackCodec.outline(fromHex(`81a46d657461${hex}`))).toThrow(CodecError);
  expect(() => msgpackCodec.decodeData(fromHex(hex))).toThrow(CodecError);
});

test.for(["0affffffff0f31", "1affffffff0731", "22ffffffff0731", "3affffffff0f", "1a808080808001"])(
  "refuses the Protobuf length in %s without believing it [fault:E6]",
  (hex) => {
    expect(() => protobufCodec.outline(fromHex(hex))).toThrow(CodecError);
  },
);

test("refuses MessagePack extension types, msgpackr's records among them [fault:E7]", () => {
  const record = fromHex("d4724091a178"); // fixext1, type 0x72: a msgpackr record
  const own = new Encoder().encode(new ExtData(5, Uint8Array.of(1, 2, 3)));

  for (const bytes of [record.subarray(0, 3), own, fromHex("d5ff0000"), fromHex("c700ff")]) {
    expect(() => msgpackCodec.decodeData(bytes)).toThrow(/extension type/);
    expect(() => msgpackCodec.outline(concat(fromHex("81a178"), bytes))).toThrow(/extension type/);
  }
});

test("carries a Date as the timestamp that MessagePack defines", () => {
  const date = new Date("2026-01-02T03:04:05.678Z");

  expect(msgpackCodec.decode(msgpackCodec.encode({ data: date })).data).toEqual(date);
});

const illFormed = ["ff", "c328", "c0af", "e08080", "eda080", "edbfbf", "f4908080", "f8888080", "e282", "80"];

test.for(illFormed)("refuses the ill-formed UTF-8 %s in text of every encoding [fault:E8]", (hex) => {
  const text = fromHex(hex);
  const head = 0xa0 + text.length;

  for (const [start, end] of [
    ['{"data":"', '"}'],
    ['{"path":"', '"}'],
    ['{"', '":1}'],
    ['{"data":{"', '":1}}'],
  ] as const) {
    expect(() => jsonCodec.decode(concat(utf8(start), text, utf8(end)))).toThrow(CodecError);
  }
  expect(() => msgpackCodec.decode(concat(fromHex("81a464617461"), Uint8Array.of(head), text))).toThrow(
    CodecError,
  );
  expect(() => msgpackCodec.outline(concat(fromHex("81a470617468"), Uint8Array.of(head), text))).toThrow(
    CodecError,
  );
  expect(() => msgpackCodec.outline(concat(fromHex("81"), Uint8Array.of(head), text, fromHex("01")))).toThrow(
    CodecError,
  );
  expect(() => msgpackCodec.decodeData(concat(Uint8Array.of(0x81, head), text, fromHex("01")))).toThrow(
    CodecError,
  );
  expect(() => protobufCodec.outline(concat(Uint8Array.of(0x12, text.length), text))).toThrow(CodecError);
  expect(() => protobufCodec.outline(concat(Uint8Array.of(0x0a, text.length), text))).toThrow(CodecError);
});

test("refuses half characters in JSON escapes, keeps a byte order mark and NUL as text [fault:E8]", () => {
  for (const half of ["\\ud800", "\\udC00x", "\\ude00\\ud83d", "\\ud83d\\u0041"]) {
    expect(() => jsonCodec.decodeData(utf8(`"${half}"`))).toThrow(CodecError);
    expect(() => jsonCodec.decodeData(utf8(`{"${half}":1}`))).toThrow(CodecError);
  }
  expect(() => jsonCodec.outline(concat(fromHex("efbbbf"), utf8("{}")))).toThrow(CodecError);
  for (const codec of [jsonCodec, msgpackCodec, protobufCodec]) {
    expect(codec.outline(codec.encode({ id: "\ufeffx\u0000", path: "/\ufeff" }))).toMatchObject({
      id: "\ufeffx\u0000",
      path: "/\ufeff",
    });
  }
});

test("tells no data, null data and empty data apart, alike in both encodings of plain values [quirk:Q29]", () => {
  expect(jsonCodec.decode(utf8("{}"))).toEqual({});
  expect(msgpackCodec.decode(fromHex("80"))).toEqual({});
  expect(jsonCodec.decode(utf8('{"data":null}'))).toEqual({ data: null });
  expect(msgpackCodec.decode(fromHex("81a464617461c0"))).toEqual({ data: null });
  expect(jsonCodec.decode(utf8('{"data":""}'))).toEqual({ data: "" });
  expect(msgpackCodec.decode(fromHex("81a464617461a0"))).toEqual({ data: "" });
});

test("takes no array, nil or binary id for MessagePack, and nothing behind the envelope [quirk:Q28]", () => {
  for (const hex of ["90", "c0", "81a26964c40131", "8080"]) {
    expect(() => msgpackCodec.outline(fromHex(hex))).toThrow(CodecError);
  }
});

test("finds data in every Protobuf message, of zero bytes if need be [quirk:Q31]", () => {
  const bytes = Writer.create().uint32(18).string("/a").finish();
  const { dataStart, dataEnd } = protobufCodec.outline(bytes);

  expect(dataStart).toBeGreaterThanOrEqual(0);
  expect(protobufCodec.decodeData(bytes.subarray(dataStart, dataEnd))).toEqual(new Uint8Array());
});

test("merges a Protobuf error that comes in two pieces, and refuses a broken one in the outline", () => {
  const twice = concat(fromHex("3203"), fromHex("0a0141"), fromHex("3203"), fromHex("120142"));

  expect(protobufCodec.decode(twice).error).toEqual({ code: "A", message: "B" });
  expect(() => protobufCodec.outline(fromHex("32020a05"))).toThrow(CodecError);
});

function nestedArrays(levels: number): Uint8Array {
  return concat(fromHex("81a464617461"), new Uint8Array(levels - 1).fill(0x91), fromHex("90"));
}

function packed(value: unknown): Uint8Array {
  return new Encoder().encode(value);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
