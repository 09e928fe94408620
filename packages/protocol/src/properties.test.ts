import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CodecError } from "velaros-protocol";
import type { Codec, Envelope } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec } from "velaros-protocol/protobuf";

const isLong = process.env["EURUS_LONG"] !== undefined;
const numRuns = isLong ? 20_000 : 2_000;
/** For bytes that somebody else made. */
const foreignRuns = isLong ? 100_000 : 20_000;
const foreignTimeoutMs = 600_000;

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const key = text.filter((it) => it !== "__proto__");
const plainValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => (Object.is(it, -0) ? 0 : it)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;
const bytes = fc.uint8Array({ maxLength: 100 });

function envelopeOf(data: fc.Arbitrary<unknown>): fc.Arbitrary<Envelope> {
  return fc.record(
    {
      id: text.filter((it) => it !== ""),
      path: text.filter((it) => it !== ""),
      data,
      meta: fc.dictionary(fc.oneof(text, fc.constant("__proto__")), plainValue, {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      status: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      error: fc.record(
        {
          code: text,
          message: text,
          retryAfterMs: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
          details: fc.dictionary(key, text, { minKeys: 1, noNullPrototype: true }),
        },
        { requiredKeys: ["code", "message"] },
      ),
    },
    { requiredKeys: [] },
  );
}

const codecs: readonly {
  readonly name: string;
  readonly codec: Codec;
  readonly envelope: fc.Arbitrary<Envelope>;
}[] = [
  { name: "json", codec: jsonCodec, envelope: envelopeOf(plainValue) },
  { name: "msgpack", codec: msgpackCodec, envelope: envelopeOf(fc.oneof(plainValue, bytes)) },
  { name: "protobuf", codec: protobufCodec, envelope: envelopeOf(bytes.filter((it) => it.length > 0)) },
];

test.for(codecs)("$name gives back every envelope [fault:E9]", ({ codec, envelope }) => {
  fc.assert(
    fc.property(envelope, (sent) => {
      const isEmptyMeta =
        codec === protobufCodec && sent.meta !== undefined && Object.keys(sent.meta).length === 0;
      const expected = isEmptyMeta ? (({ meta: _none, ...rest }) => rest)(sent) : sent;

      expect(codec.decode(codec.encode(sent))).toEqual(expected);
    }),
    { numRuns },
  );
});

test.for(codecs)(
  "$name judges damaged messages alike, whole and by parts, and throws nothing but CodecError",
  { timeout: foreignTimeoutMs },
  ({ codec, envelope }) => {
    const damage = fc.array(
      fc.tuple(fc.nat(), fc.constantFrom("set", "insert", "remove"), fc.integer({ min: 0, max: 255 })),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(envelope, damage, (sent, blows) => {
        const damaged = Array.from(codec.encode(sent));
        for (const [where, how, byte] of blows) {
          const at = where % (damaged.length + 1);
          if (how === "set") damaged[at] = byte;
          else if (how === "insert") damaged.splice(at, 0, byte);
          else damaged.splice(at, 1);
        }
        const received = Uint8Array.from(damaged);

        expect(verdict(() => byParts(codec, received))).toEqual(
          verdict(() => routed(codec.decode(received))),
        );
      }),
      { numRuns: foreignRuns },
    );
  },
);

test.for(codecs)(
  "$name throws nothing but CodecError for random bytes",
  { timeout: foreignTimeoutMs },
  ({ codec }) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (received) => {
        expect(verdict(() => byParts(codec, received))).toEqual(
          verdict(() => routed(codec.decode(received))),
        );
      }),
      { numRuns: foreignRuns },
    );
  },
);

/** Members of a JSON envelope as text, in every spelling: escaped keys, duplicates, white space, unknown keys. */
const space = fc.constantFrom("", " ", "\n", "\t\r ");
const member = fc.tuple(
  fc.constantFrom("id", "path", "data", "meta", "i\\u0064", "d\\u0061ta", "Path", "other", "é", ""),
  fc.oneof(
    plainValue,
    text,
    fc.constant(null),
    fc.dictionary(key, plainValue, { maxKeys: 2, noNullPrototype: true }),
  ),
  space,
);

test("json reads members as JSON.parse does, and refuses only wrong types and long ids", () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), space, (members, outer) => {
      const source = members.map(
        ([name, value, gap]) => `${gap}"${name}"${gap}:${gap}${JSON.stringify(value)}${gap}`,
      );
      const received = new TextEncoder().encode(`${outer}{${source.join(",")}}${outer}`);
      const isWrong = members.some(([name, value]) => {
        const spelled = JSON.parse(`"${name}"`) as string;
        if (spelled === "id" || spelled === "path") return value !== null && typeof value !== "string";
        return spelled === "meta" && (typeof value !== "object" || Array.isArray(value));
      });
      const parsed = JSON.parse(new TextDecoder().decode(received)) as Record<string, unknown>;
      const expected = {
        id: parsed["id"] || undefined,
        path: parsed["path"] || undefined,
        data: parsed["data"],
        meta: Object.entries(parsed["meta"] ?? {}),
      };

      expect(verdict(() => byParts(jsonCodec, received))).toEqual(isWrong ? "refused" : expected);
    }),
    { numRuns },
  );
});

test("json finds the end of every string, long or short, with any number of backslashes", () => {
  const piece = fc.oneof(fc.constantFrom("\\", '"', '\\"', "]", "}", ","), fc.string({ maxLength: 70 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const data = [pieces.join(""), { [pieces.join("")]: 1 }].filter((it) => it !== "__proto__");
      const received = jsonCodec.encode({ data, path: "/after" });

      // Data first, as other writers may send it.
      const reversed = new TextEncoder().encode(`{"data":${JSON.stringify(data)},"path":"/after"}`);

      expect(byParts(jsonCodec, received)).toMatchObject({ data, path: "/after" });
      expect(byParts(jsonCodec, reversed)).toMatchObject({ data, path: "/after" });
      expect(byParts(jsonCodec, Buffer.from(reversed))).toMatchObject({ data, path: "/after" });
    }),
    { numRuns },
  );
});

interface Routed {
  readonly id: string | undefined;
  readonly path: string | undefined;
  readonly data: unknown;
  readonly meta: readonly (readonly [string, unknown])[];
}

function byParts(codec: Codec, received: Uint8Array): Routed {
  const { id, path, dataStart, dataEnd } = codec.outline(received);
  const hasData = dataStart >= 0 && !(codec === protobufCodec && dataStart === dataEnd);
  const data = hasData ? codec.decodeData(received.subarray(dataStart, dataEnd)) : undefined;
  return { id, path, data, meta: Object.entries(codec.decodeMeta(received)) };
}

function routed({ id, path, data, meta }: Envelope): Routed {
  return { id, path, data, meta: Object.entries(meta ?? {}) };
}

function verdict(call: () => Routed): Routed | "refused" {
  try {
    return call();
  } catch (thrown) {
    if (CodecError.is(thrown)) return "refused";
    throw thrown;
  }
}
