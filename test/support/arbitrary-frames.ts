import fc from "fast-check";
import type { Frame } from "../../packages/eurus/src/link/frame.ts";

const pin = fc.integer({ min: 1, max: 0xffff_ffff });
const text = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: "binary", maxLength: 40 }));
const body = fc.uint8Array({ maxLength: 200 });
const count = fc.oneof(
  fc.nat(300),
  fc.nat(2 ** 31 - 1),
  fc.maxSafeNat().map((large) => large % 2 ** 49),
);
const messageType = fc.constantFrom("text" as const, "binary" as const);
const record = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  fc
    .dictionary(fc.oneof(text, fc.constant("__proto__")), value, { maxKeys: 4 })
    .map((entries): Record<string, Value> => Object.assign(Object.create(null), entries));
// What JSON can carry, as it comes out again: without -0 and without own prototypes.
const facts = record(fc.jsonValue({ maxDepth: 2 })).map((value): Record<string, unknown> =>
  Object.assign(Object.create(null), JSON.parse(JSON.stringify(value))),
);

const message: fc.Arbitrary<Frame> = fc
  .record({
    type: fc.constant("message" as const),
    pin,
    number: fc.constant(0),
    id: fc.option(text, { nil: undefined }),
    path: fc.option(text, { nil: undefined }),
    messageType,
    body,
    range: fc.option(fc.tuple(fc.nat(200), fc.nat(200)), { nil: undefined }),
    hasMeta: fc.boolean(),
    replacedData: fc.option(body, { nil: undefined }),
    replacedMeta: fc.option(facts, { nil: undefined }),
    trusted: fc.option(facts, { nil: undefined }),
  })
  .map(({ range, ...frame }) => {
    if (range === undefined) return { ...frame, dataStart: -1, dataEnd: -1 };
    const [from, to] = range.map((edge) => Math.min(edge, frame.body.length)).sort((a, b) => a - b);
    return { ...frame, dataStart: from ?? 0, dataEnd: to ?? 0 };
  });

const output: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant("output" as const),
    pin,
    purpose: fc.constantFrom("reply" as const, "last-reply" as const),
    number: count,
    requestId: fc.constant(undefined),
    messageType,
    body,
  }),
  fc.record({
    type: fc.constant("output" as const),
    pin,
    purpose: fc.constant("push" as const),
    number: fc.constant(0),
    requestId: fc.constant(undefined),
    messageType,
    body,
  }),
  fc.record({
    type: fc.constant("output" as const),
    pin,
    purpose: fc.constant("request" as const),
    number: fc.constant(0),
    requestId: text,
    messageType,
    body,
  }),
);

/** Any frame that can be written. */
export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  { arbitrary: message, weight: 4 },
  { arbitrary: output, weight: 3 },
  fc.record({
    type: fc.constant("open" as const),
    pin,
    info: fc.record({
      socketId: text,
      remoteAddress: text,
      headers: record(text),
      codec: fc.option(
        text.filter((name) => name !== ""),
        { nil: undefined },
      ),
      trusted: facts,
    }),
  }),
  fc.record({ type: fc.constant("opened" as const), pin }),
  fc.record({
    type: fc.constant("refused" as const),
    pin,
    code: fc.constantFrom(
      "DRAINING" as const,
      "OVERLOADED" as const,
      "WRONG_EPOCH" as const,
      "INVALID" as const,
      "WRONG_CODEC" as const,
    ),
  }),
  fc.record({ type: fc.constant("request-done" as const), pin, requestId: text }),
  fc.record({
    type: fc.constant("end" as const),
    pin,
    numbers: fc.oneof(
      fc.array(count, { maxLength: 20 }),
      fc.nat(1000).map((length) => Array.from({ length }, (_, index) => index + 7)),
    ),
  }),
  fc.record({ type: fc.constant("credit" as const), pin, bytes: count }),
  fc.record({
    type: fc.constant("close" as const),
    pin,
    status: fc.integer({ min: 0, max: 0xffff }),
    reason: text,
    source: fc.constantFrom("client" as const, "server" as const),
  }),
  fc.record({ type: fc.constant("unpin" as const), pin, lastNumber: count }),
);
