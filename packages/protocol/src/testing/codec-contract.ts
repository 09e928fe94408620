import { CodecError } from "../codec-error.ts";
import type { Codec, EnvelopeOutline } from "../codec.ts";
import type { Envelope } from "../envelope.ts";
import { envelopeLimits } from "../limits.ts";
import { expectEqual, expectThat, outcomeOf } from "./expect.ts";
import { mutations, truncations } from "./spoil.ts";

/** One promise of a codec. Run it as a test of any test runner: it throws when the promise is broken. */
export interface CodecContractCase {
  /** A sentence that says what is promised. */
  readonly name: string;
  /** Throws when the promise is broken. */
  run(): void;
}

/** What the suite must know about a codec, because encodings differ in what they can carry. */
export interface CodecContractOptions {
  /** Wire data that must come back equal. At least one value, none of them the encoding's form of "no data". */
  readonly data: readonly unknown[];
  /** Wire data that can't be encoded. */
  readonly unencodable: unknown;
  /** A body that {@link Codec.toData} turns into wire data. */
  readonly body: unknown;
}

/**
 * Everything that routers and clients rely on in a {@link Codec}, as named cases.
 *
 * @example
 * ```ts
 * for (const { name, run } of codecContract(myCodec, { data: [1, "two"], unencodable: 1n, body: { a: 1 } })) {
 *   test(name, run);
 * }
 * ```
 */
export function codecContract(codec: Codec, options: CodecContractOptions): readonly CodecContractCase[] {
  const full: Envelope = {
    id: "id-1",
    path: "/users/42",
    data: options.data[0],
    meta: { role: "admin", level: 3, tags: ["a", null, true] },
    status: 503,
    error: { code: "OVERLOADED", message: "Later.", retryAfterMs: 250, details: { queue: "orders" } },
  };

  /** What lazy decoding, part by part, makes of a message. */
  function decodeByParts(bytes: Uint8Array): Pick<Envelope, "id" | "path" | "data" | "meta"> {
    const outline = codec.outline(bytes);
    return {
      id: outline.id,
      path: outline.path,
      data: outline.dataStart < 0 ? undefined : codec.decodeData(dataOf(bytes, outline)),
      meta: codec.decodeMeta(bytes),
    };
  }

  function expectSameVerdict(bytes: Uint8Array): void {
    const whole = outcomeOf(() => codec.decode(bytes));
    const parts = outcomeOf(() => decodeByParts(bytes));
    if (whole.error !== undefined) {
      expectThat(CodecError.is(whole.error), `decode throws a CodecError, not ${String(whole.error)}`);
      expectThat(
        parts.error !== undefined,
        `decoding by parts refuses what decode refuses: ${whole.error.message}`,
      );
    }
    if (parts.error !== undefined) {
      expectThat(
        CodecError.is(parts.error),
        `decoding by parts throws a CodecError, not ${String(parts.error)}`,
      );
      expectThat(
        whole.error !== undefined,
        `decode refuses what decoding by parts refuses: ${parts.error.message}`,
      );
    }
    if (whole.value === undefined || parts.value === undefined) return;
    expectEqual(parts.value.id, whole.value.id);
    expectEqual(parts.value.path, whole.value.path);
    if ("data" in whole.value) expectEqual(parts.value.data, whole.value.data);
  }

  return [
    {
      name: "names itself and its subprotocol, and accepts the frames it sends",
      run() {
        expectThat(codec.name !== "", "a codec has a name");
        expectThat(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(codec.subprotocol), "a subprotocol is an HTTP token");
        expectThat(codec.accepts(codec.messageType), "frames of its own type are accepted");
      },
    },
    {
      name: "gives back every part of an envelope",
      run: () => expectEqual(codec.decode(codec.encode(full)), full),
    },
    {
      name: "gives back each sample of data, decoded whole and by its range",
      run() {
        for (const data of options.data) {
          const bytes = codec.encode({ path: "/a", data });
          const range = dataOf(bytes, codec.outline(bytes));
          expectEqual(codec.decode(bytes).data, data);
          expectEqual(codec.decodeData(range), data);
          expectEqual(Array.from(codec.encodeData(data)), Array.from(range));
        }
      },
    },
    {
      name: "outlines id and path, and leaves out what is missing",
      run() {
        const empty = codec.outline(codec.encode({}));
        const routed = codec.outline(codec.encode({ id: "7", path: "/a/ü/😀" }));

        expectEqual([empty.id, empty.path, empty.hasMeta], [undefined, undefined, false]);
        expectThat(empty.dataStart === empty.dataEnd, "an empty envelope has no data, or data of no bytes");
        expectEqual([routed.id, routed.path], ["7", "/a/ü/😀"]);
        expectEqual(codec.decode(codec.encode({})), {});
      },
    },
    {
      name: "treats an empty id and an empty path as missing",
      run: () => expectEqual(codec.decode(codec.encode({ id: "", path: "" })), {}),
    },
    {
      name: "decodes metadata into a map without a prototype, whatever the keys",
      run() {
        const meta: Record<string, unknown> = Object.create(null);
        meta["__proto__"] = { polluted: true };
        meta["constructor"] = 1;
        const bytes = codec.encode({ path: "/a", meta });

        const decoded = codec.decodeMeta(bytes);

        expectThat(codec.outline(bytes).hasMeta, "the outline says that there is metadata");
        expectThat(Object.getPrototypeOf(decoded) === null, "the map has no prototype");
        expectEqual(Object.keys(decoded).toSorted(), ["__proto__", "constructor"]);
        expectThat(!("polluted" in {}), "no prototype changes");
        expectThat(
          Object.getPrototypeOf(codec.decodeMeta(codec.encode({}))) === null,
          "nor has the empty one",
        );
      },
    },
    {
      name: "decodes a message in the middle of a larger buffer",
      run() {
        const bytes = codec.encode(full);
        const larger = new Uint8Array(bytes.length + 20).fill(0x22);
        larger.set(bytes, 10);

        expectEqual(codec.decode(larger.subarray(10, 10 + bytes.length)), full);
      },
    },
    {
      name: "leaves the bytes as they are",
      run() {
        const bytes = codec.encode(full);
        const before = Array.from(bytes);
        codec.decode(bytes);
        decodeByParts(bytes);
        expectEqual(Array.from(bytes), before);
      },
    },
    {
      name: "writes as text what it writes as bytes, if it writes text",
      run() {
        if (codec.encodeText === undefined) return;
        expectEqual(new TextDecoder().decode(codec.encode(full)), codec.encodeText(full));
      },
    },
    {
      name: "replaces half characters by U+FFFD",
      run: () =>
        expectEqual(codec.decode(codec.encode({ id: "a\ud83d", path: "/\udc00b" })), {
          id: "a\ufffd",
          path: "/\ufffdb",
        }),
    },
    {
      name: "refuses an id that is too long to be echoed",
      run() {
        const longest = "x".repeat(envelopeLimits.idBytes);
        expectEqual(codec.outline(codec.encode({ id: longest })).id, longest);
        for (const id of [`${longest}x`, "é".repeat(envelopeLimits.idBytes / 2 + 1)]) {
          const { error } = outcomeOf(() => codec.outline(codec.encode({ id, path: "/a" })));
          expectThat(
            CodecError.is(error) && error.id === undefined,
            "a long id is refused, and not repeated",
          );
        }
      },
    },
    {
      name: "refuses metadata above the limit",
      run() {
        const meta = { text: "x".repeat(envelopeLimits.metaBytes) };
        const { error } = outcomeOf(() => codec.outline(codec.encode({ id: "7", meta })));
        expectThat(CodecError.is(error) && error.id === "7", "large metadata is refused with the id");
      },
    },
    {
      name: "turns a body into data that it can encode",
      run() {
        const data = codec.toData(options.body);
        codec.decode(codec.encode({ id: "1", data }));
      },
    },
    {
      name: "throws a CodecError with the id for what it can't encode",
      run() {
        const { error } = outcomeOf(() => codec.encode({ id: "7", data: options.unencodable }));
        expectThat(CodecError.is(error) && error.code === "CODEC_ENCODE_FAILED", `not ${String(error)}`);
        expectThat(CodecError.is(error) && error.id === "7", "the error names the message");
        const data = outcomeOf(() => codec.encodeData(options.unencodable));
        expectThat(CodecError.is(data.error), "encodeData refuses it too");
      },
    },
    {
      name: "judges a message cut short at any byte the same way, whole and by parts",
      run() {
        for (const bytes of truncations(codec.encode(full))) expectSameVerdict(bytes);
      },
    },
    {
      name: "judges a message with any byte changed the same way, whole and by parts",
      run() {
        for (const bytes of mutations(codec.encode(full))) expectSameVerdict(bytes);
      },
    },
  ];
}

function dataOf(bytes: Uint8Array, { dataStart, dataEnd }: EnvelopeOutline): Uint8Array {
  expectThat(
    dataStart >= 0 && dataEnd >= dataStart && dataEnd <= bytes.length,
    "the range lies inside the message",
  );
  return bytes.subarray(dataStart, dataEnd);
}
