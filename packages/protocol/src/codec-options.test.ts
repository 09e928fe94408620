import { CodecError } from "velaros-protocol";
import type { Codec, CodecOptions } from "velaros-protocol";
import { createJsonCodec, jsonCodec } from "velaros-protocol/json";
import { createMsgpackCodec, msgpackCodec } from "velaros-protocol/msgpack";
import { createProtobufCodec, protobufCodec } from "velaros-protocol/protobuf";
import { expect, test } from "vitest";

const codecs: readonly {
  readonly name: string;
  readonly usual: Codec;
  readonly create: (options?: CodecOptions) => Codec;
}[] = [
  { name: "json", usual: jsonCodec, create: createJsonCodec },
  { name: "msgpack", usual: msgpackCodec, create: createMsgpackCodec },
  { name: "protobuf", usual: protobufCodec, create: createProtobufCodec },
];

/** Arrays in arrays, so many. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

function problemOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!CodecError.is(error)) throw error;
    return error.problem;
  }
}

test.each(codecs)("$name: ids and metadata may be as long as its options say", ({ usual, create }) => {
  const long = { id: "x".repeat(1_000), meta: { text: "x".repeat(20_000) } };
  const generous = create({ maxIdBytes: 1_000, maxMetaBytes: 30_000 });
  const bytes = generous.encode(long);

  expect(generous.outline(bytes)).toMatchObject({ id: long.id, hasMeta: true });
  expect(generous.decode(bytes)).toEqual(long);
  expect(problemOf(() => usual.outline(bytes))).toMatch(/"id" is longer than 128|"meta" is larger than 8192/);
  const strict = create({ maxIdBytes: 3, maxMetaBytes: 0 });
  expect(strict.outline(usual.encode({ id: "abc" })).id).toBe("abc");
  expect(problemOf(() => strict.outline(usual.encode({ id: "abcd" })))).toBe('"id" is longer than 3 bytes');
  expect(problemOf(() => strict.outline(usual.encode({ meta: { a: 1 } })))).toBe(
    '"meta" is larger than 0 bytes',
  );
});

test.each(codecs.slice(0, 2))("$name: data may be as deep as its options say, both ways", ({ create }) => {
  const deep = create({ maxDepth: 1_000 });
  // The envelope is a level.
  const bytes = deep.encode({ id: "1", data: nested(999) });
  expect(deep.decode(bytes).data).toEqual(nested(999));
  expect(problemOf(() => deep.decode(create({ maxDepth: 1_000 }).encode({ data: nested(999) })))).toBe(
    undefined,
  );
  const shallow = create({ maxDepth: 3 });
  expect(shallow.decode(deep.encode({ data: nested(2) })).data).toEqual(nested(2));
  expect(problemOf(() => shallow.outline(deep.encode({ data: nested(3) })))).toMatch(
    /more than 3 levels of nesting/,
  );
  expect(problemOf(() => shallow.outline(deep.encode({ meta: { a: nested(2) } })))).toMatch(
    /more than 3 levels/,
  );
});

test("protobuf: groups and values of metadata may be as deep as its options say", () => {
  const shallow = createProtobufCodec({ maxDepth: 3 });
  const groups = (count: number): Uint8Array =>
    Uint8Array.from([...Array<number>(count).fill(0x7b), ...Array<number>(count).fill(0x7c)]);

  expect(problemOf(() => shallow.outline(groups(3)))).toBeUndefined();
  expect(problemOf(() => shallow.outline(groups(4)))).toMatch(/more than 3 levels of nesting/);
  expect(problemOf(() => shallow.decode(groups(4)))).toMatch(/more than 3 levels of nesting/);
  // As for every value that is no JSON to us, its bytes remain.
  const bytes = protobufCodec.encode({ meta: { deep: nested(10) } });
  expect(shallow.decodeMeta(bytes)["deep"]).toBeInstanceOf(Uint8Array);
  expect(protobufCodec.decodeMeta(bytes)["deep"]).toEqual(nested(10));
});

test.each(codecs)("$name: a limit that is no number in its range is named", ({ name, create }) => {
  const wrong: unknown[] = [Number.NaN, -1, 0.5, Infinity, 2 ** 31, "5", "", true, [], {}, 1n, () => 5];
  for (const option of ["maxDepth", "maxIdBytes", "maxMetaBytes"]) {
    for (const value of wrong) {
      const act = (): unknown => create({ [option]: value as number });
      expect(act).toThrow(expect.objectContaining({ code: "CODEC_OPTION_INVALID", codec: name }));
      expect(act).toThrow(option);
    }
    expect(() => create({ [option]: undefined })).not.toThrow();
  }
  expect(() => create({ maxDepth: 0 })).toThrow(
    `Can't make a codec for ${name}: maxDepth is 0, but must be a whole number from 1 to 1000`,
  );
});
