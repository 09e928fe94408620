import fc from "fast-check";
import { expect, test } from "vitest";
import { EurusError } from "../errors.ts";
import type { InstanceAnnouncement } from "./announcement.ts";
import {
  encodeGatewayAnnouncement,
  encodeInstanceAnnouncement,
  readGatewayAnnouncement,
  readInstanceAnnouncement,
} from "./announcement-codec.ts";
import { gatewayAnnouncement, instanceAnnouncement } from "../../../../test/support/announcements.ts";

const subject = "eurus.v1.announce.svc.chat.i1";
const gatewaySubject = "eurus.v1.announce.gw.main.g1";
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The wire form of a good announcement, with some fields replaced; `undefined` removes one. */
function wire(replaced: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const good: unknown = JSON.parse(
    new TextDecoder().decode(
      encodeInstanceAnnouncement(subject, instanceAnnouncement("i1", ["/chat/:room"])),
    ),
  );
  return bytes(Object.assign({}, good, replaced));
}

test("an instance's announcement reads back as it was written, with its descriptor or without", () => {
  const announcement = instanceAnnouncement("i1", ["/chat/:room", { pattern: "/x/**", claimedAt: 7 }], {
    gatewayNames: ["main", "edge-2"],
    onInstanceLost: "repin",
    pins: 12,
    opens: 40,
    draining: true,
    links: new Map([["g1", 3]]),
  });
  const heartbeat: InstanceAnnouncement = { ...announcement, descriptor: undefined, sequence: 2 };

  for (const written of [announcement, heartbeat]) {
    expect(readInstanceAnnouncement(subject, encodeInstanceAnnouncement(subject, written))).toEqual({
      announcement: written,
    });
  }
});

test("a gateway's announcement reads back as it was written", () => {
  const announcement = gatewayAnnouncement("g1", {
    links: new Map([["i1", 0]]),
    wanted: ["i2"],
    claims: [{ service: "chat", pattern: "/chat/:room", claimedAt: 5 }],
  });

  expect(
    readGatewayAnnouncement(gatewaySubject, encodeGatewayAnnouncement(gatewaySubject, announcement)),
  ).toEqual({
    announcement,
  });
});

test("a gateway that knows more instances than fit names none of them", () => {
  const links = new Map(Array.from({ length: 4_000 }, (_, instance) => [`instance-${instance}`, instance]));

  const payload = encodeGatewayAnnouncement(gatewaySubject, gatewayAnnouncement("g1", { links }));

  expect(readGatewayAnnouncement(gatewaySubject, payload).announcement?.links).toBeUndefined();
});

test.for<readonly [string, unknown, RegExp]>([
  ["an object instead of bytes", { service: "chat" }, /not a packet of bytes/],
  ["nothing", undefined, /not a packet of bytes/],
  ["no bytes", new Uint8Array(), /not JSON/],
  ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
  ["null", bytes(null), /not an object/],
  ["a list", bytes([]), /not an object/],
  ["an empty object", bytes({}), /^service must be/],
  ["a megabyte", new Uint8Array(1 << 20), /larger than 65536 bytes/],
  ["an id with a dot", wire({ instance: "a.b" }), /^instance must be/],
  ["an id with a wildcard", wire({ instance: "*" }), /^instance must be/],
  ["an id of 65 characters", wire({ instance: "x".repeat(65) }), /^instance must be/],
  ["another's name", wire({ service: "billing" }), /not where it comes from/],
  ["another's id", wire({ instance: "i2" }), /not where it comes from/],
  ["a negative count", wire({ pins: -1 }), /^pins must be a whole number/],
  ["a count that is text", wire({ opens: "1" }), /^opens must be a whole number/],
  ["a flag that is a number", wire({ goodbye: 1 }), /^goodbye must be true or false/],
  ["versions in the wrong order", wire({ versions: [2, 1] }), /versions/],
  ["versions as text", wire({ versions: "1" }), /versions/],
  ["links that are a list", wire({ links: [] }), /^links must be an object/],
  ["links that are no numbers", wire({ links: { g1: "x" } }), /^links must be whole numbers/],
  ["no routes", wire({ descriptor: { gatewayNames: [], onInstanceLost: "close" } }), /routes must be a list/],
  ["a null route", descriptorWith([null]), /a route is not an object/],
  ["a route without text", descriptorWith([{ pattern: 7, claimedAt: 1 }]), /a route\.pattern must be a text/],
  ["an invalid route", descriptorWith([route("users")]), /must start with/],
  ["an invalid expression", descriptorWith([route("/:id([0-9)")]), /never closed/],
  ["a route of 513 bytes", descriptorWith([route(`/${"é".repeat(256)}`)]), /longer than 512 bytes/],
  ["a route of 33 segments", descriptorWith([route("/a".repeat(33))]), /more than 32 segments/],
  [
    "1,001 routes",
    descriptorWith(Array.from({ length: 1_001 }, (_, at) => route(`/${at}`))),
    /routes must have at most 1000/,
  ],
  ["one route twice", descriptorWith([route("/a"), route("/a")]), /twice/],
  [
    "expressions that are huge together",
    descriptorWith(Array.from({ length: 60 }, (_, at) => route(`/${at}/:x([a-z]{999})`))),
    /too large together/,
  ],
  ["a policy that does not exist", descriptorWith([], { onInstanceLost: "explode" }), /one of close, repin/],
  ["a gateway name with a space", descriptorWith([], { gatewayNames: ["a b"] }), /gatewayNames/],
  ["a hash of something else", wire({ hash: "other" }), /hash does not belong/],
])("%s is refused with the reason [weakness:W7 fault:R2 fault:R8 fault:S11]", ([, payload, reason]) => {
  const reading = readInstanceAnnouncement(subject, payload);

  expect(reading.announcement).toBeUndefined();
  expect(reading.problem).toMatch(reason);
});

function route(pattern: string): { readonly pattern: string; readonly claimedAt: number } {
  return { pattern, claimedAt: 1 };
}

function descriptorWith(routes: readonly unknown[], more: object = {}): Uint8Array {
  return wire({ descriptor: { gatewayNames: [], routes, onInstanceLost: "close", ...more } });
}

test("whatever arrives, reading never throws [weakness:W7 fault:S11]", () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom("/a", "i1", "chat", "e1", 1, true, [1, 1]));
  const names = [
    "service",
    "instance",
    "epoch",
    "sequence",
    "versions",
    "hash",
    "descriptor",
    "links",
    "claims",
    "__proto__",
  ];
  const almost = fc.dictionary(fc.constantFrom(...names), field).map((fields) => wire(fields));
  const payload = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
    almost,
    fc.anything(),
  );
  fc.assert(
    fc.property(payload, (input) => {
      for (const read of [readInstanceAnnouncement, readGatewayAnnouncement]) {
        const { announcement, problem } = read(subject, input);
        expect((announcement === undefined) !== (problem === undefined)).toBe(true);
      }
    }),
    { numRuns: process.env["EURUS_LONG"] === undefined ? 20_000 : 100_000 },
  );
}, 120_000);

test("what nobody would accept is not announced", () => {
  const tooMany = instanceAnnouncement(
    "i1",
    Array.from({ length: 1_001 }, (_, at) => `/route/${at}`),
  );

  expect(() => encodeInstanceAnnouncement(subject, tooMany)).toThrowErrorMatchingInlineSnapshot(
    `[EurusError: The announcement on "eurus.v1.announce.svc.chat.i1" is ignored: descriptor.routes must have at most 1000 entries]`,
  );
  expect(() => encodeInstanceAnnouncement(subject, instanceAnnouncement("i2", []))).toThrow(EurusError);
});

test("a descriptor that was read before is not read again, whatever it is", () => {
  const payload = encodeInstanceAnnouncement(subject, instanceAnnouncement("i1", ["/a"]));
  const asked: string[] = [];
  const isKnown =
    (known: boolean) =>
    (...words: readonly string[]): boolean => {
      asked.push(words.join(" "));
      return known;
    };
  const { descriptorHash } = instanceAnnouncement("i1", ["/a"]);

  const read = readInstanceAnnouncement(subject, payload, isKnown(false)).announcement;
  const skipped = readInstanceAnnouncement(subject, payload, isKnown(true)).announcement;

  expect(read?.descriptor?.routes).toHaveLength(1);
  expect(skipped).toEqual({ ...read, descriptor: undefined });
  expect(asked).toEqual([`i1 e1 ${descriptorHash}`, `i1 e1 ${descriptorHash}`]);
});
