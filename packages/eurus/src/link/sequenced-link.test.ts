import fc from "fast-check";
import { expect, test } from "vitest";

import { Pair, seeded, upTo } from "../../../../test/support/link-pair.ts";
import type { Faults } from "../../../../test/support/link-pair.ts";

/** The long run takes a minute on a busy machine. */
const propertyTimeoutMs = 300_000;
const numRuns = process.env["EURUS_LONG"] === "1" ? 10_000 : 300;

const anyFaults: fc.Arbitrary<Faults> = fc.record({
  loss: fc.double({ min: 0, max: 0.4, noNaN: true }),
  duplication: fc.double({ min: 0, max: 0.3, noNaN: true }),
  delayMs: fc.constantFrom(1, 5, 60),
  falseReport: fc.constantFrom(0, 0, 0.02),
});

test(
  "whatever the bus loses, repeats or reorders, every message arrives once, in order and whole [weakness:W28 fault:N12]",
  () => {
    fc.assert(
      fc.property(anyFaults, fc.nat(), fc.integer({ min: 1, max: 60 }), (faults, seed, count) => {
        // A suspect peer may stay away for as long as it likes here: what is proven is the stream.
        const pair = new Pair(faults, seed, { suspectMs: Infinity });
        const random = seeded(seed);
        pair.instanceListener.react = (frame) => {
          if (frame.type === "open") pair.instance.send({ type: "opened", pin: frame.pin });
          if (frame.type !== "message") return;
          pair.instance.consumed(frame.pin, frame.body.length);
          pair.reply(frame.pin, frame.number, frame.body.length);
        };
        pair.gatewayListener.react = (frame) => {
          if (frame.type === "output") pair.gateway.consumed(frame.pin, frame.body.length);
        };
        pair.open(1);
        pair.open(2);
        for (const number of upTo(count)) {
          const size = random() < 0.04 ? 150_000 : random() * 2000;
          pair.message(1, number, size);
          if (random() < 0.5) pair.clock.run(random() * 20);
          pair.message(2, number, size);
        }
        pair.faults = { ...faults, loss: Math.min(faults.loss, 0.1), falseReport: 0 };
        pair.clock.run(120_000);

        for (const pin of [1, 2]) {
          const numbersOf = (list: [number, number][]) => list.filter(([of]) => of === pin).map(([, n]) => n);
          expect(numbersOf(pair.instanceListener.messages)).toEqual(upTo(count));
          expect(numbersOf(pair.gatewayListener.outputs)).toEqual(upTo(count));
        }
        for (const frame of [...pair.instanceListener.frames, ...pair.gatewayListener.frames]) {
          if (frame.type !== "message" && frame.type !== "output") continue;
          const ends = [frame.body.at(0) ?? frame.number, frame.body.at(-1) ?? frame.number];
          expect(ends).toEqual([frame.number, frame.number]);
        }
        expect(pair.problems).toEqual([]);
        expect(pair.gateway.proofOf(1, count)).toBe("taken");
      }),
      { numRuns },
    );
  },
  propertyTimeoutMs,
);

test(
  "when a link is lost, what is proven not delivered was never handled, and what is called taken was",
  () => {
    fc.assert(
      fc.property(anyFaults, fc.nat(), fc.integer({ min: 0, max: 400 }), (faults, seed, dieAtMs) => {
        const pair = new Pair({ ...faults, falseReport: 0.05 }, seed, { suspectMs: 150 });
        const random = seeded(seed);
        pair.instanceListener.react = (frame) => {
          if (frame.type === "open") pair.instance.send({ type: "opened", pin: 1 });
          if (frame.type === "message") pair.instance.consumed(1, frame.body.length);
        };
        pair.clock.at(dieAtMs, () => {
          pair.instanceIsDead = true;
        });
        pair.open(1);
        const count = 40;
        for (const number of upTo(count)) {
          pair.message(1, number, random() < 0.05 ? 200_000 : 100);
          pair.clock.run(random() * 20);
        }
        pair.clock.run(20_000);
        // One that died in silence is found by its lease.
        pair.gateway.fail("lease-expired");
        // Copies that were still on their way arrive at a process that lives on after all.
        pair.instanceIsDead = false;
        pair.clock.run(1_000);

        const handled = pair.instanceListener.messages.map(([, number]) => number);
        expect(handled).toEqual(upTo(handled.length));
        for (const number of upTo(count)) {
          const proof = pair.gateway.proofOf(1, number);
          if (proof === "not-delivered") expect(handled).not.toContain(number);
          if (proof === "taken") expect(handled).toContain(number);
        }
      }),
      { numRuns },
    );
  },
  propertyTimeoutMs,
);

test("a lost last batch is found although nothing follows it", () => {
  const pair = new Pair();
  pair.open(1);
  pair.message(1, 1);
  let dropped = 0;
  pair.drop = (from) => from === "gateway" && dropped++ === 0;
  pair.clock.run(5);
  expect(pair.instanceListener.messages).toEqual([]);
  pair.clock.run(300);

  expect(pair.instanceListener.messages).toEqual([[1, 1]]);
});

test("frames of one turn are one packet, and one acknowledgement covers many batches [weakness:W23]", () => {
  const pair = new Pair();
  pair.open(1);
  for (const number of upTo(50)) pair.message(1, number);
  pair.clock.run(3);
  expect(pair.published).toEqual({ gateway: 1, instance: 0 });
  for (const number of upTo(5)) {
    pair.message(1, 50 + number);
    pair.clock.run(0.5);
  }
  pair.clock.run(100);

  expect(pair.instanceListener.messages).toHaveLength(55);
  expect(pair.published.gateway).toBe(6);
  expect(pair.published.instance).toBeLessThanOrEqual(2);
});

test("a report that nobody is there makes the link suspect, and an answer restores it by sending again", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  pair.instanceIsDead = true;
  pair.message(1, 1);
  pair.clock.run(50);
  expect(pair.gatewayListener.events).toEqual(["suspect"]);
  expect(pair.gateway.state).toBe("suspect");
  expect(pair.gateway.proofOf(1, 1)).toBe("not-delivered");

  pair.instanceIsDead = false;
  pair.message(1, 2);
  pair.clock.run(200);

  expect(pair.gatewayListener.events).toEqual(["suspect", "restored"]);
  expect(pair.instanceListener.messages).toEqual([
    [1, 1],
    [1, 2],
  ]);
});

test("a peer that stays away is lost after the time it may be suspect", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  pair.instanceIsDead = true;
  pair.message(1, 1);
  pair.clock.run(700);
  expect(pair.gateway.state).toBe("suspect");
  pair.clock.run(200);

  expect(pair.gatewayListener.events).toEqual(["suspect", "lost: suspect-timeout"]);
  expect(pair.gateway.proofOf(1, 1)).toBe("not-delivered");
  pair.clock.run(60_000);
  expect(pair.clock.pending).toBe(0);
});

test("a batch that was sent again is no proof any more", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  pair.message(1, 1);
  pair.isCut = true;
  pair.clock.run(1);
  pair.isCut = false;
  pair.instanceIsDead = true;
  pair.clock.run(2_000);

  expect(pair.gateway.state).toBe("lost");
  expect(pair.gateway.proofOf(1, 1)).toBe("unknown");
});

test("while the bus is away nothing is sent and nothing expires, and afterwards everything goes on", () => {
  const pair = new Pair();
  pair.open(1);
  pair.message(1, 1);
  pair.clock.run(20);
  pair.isCut = true;
  pair.message(1, 2);
  pair.clock.run(1);
  pair.gateway.busChanged(false);
  pair.instance.busChanged(false);
  const before = { ...pair.published };
  pair.message(1, 3);
  pair.clock.run(600_000);
  expect(pair.published).toEqual(before);
  expect(pair.gateway.state).toBe("open");

  pair.isCut = false;
  pair.gateway.busChanged(true);
  pair.clock.run(500);
  pair.instance.busChanged(true);
  pair.clock.run(1_500);

  expect(pair.instanceListener.messages.map(([, number]) => number)).toEqual([1, 2, 3]);
  expect(pair.gatewayListener.events).toEqual([]);
});

test("a peer that is not there just after our own reconnect gets more time [fault:N2]", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  pair.gateway.busChanged(false);
  pair.instanceIsDead = true;
  pair.gateway.busChanged(true);
  pair.clock.run(2_500);
  expect(pair.gateway.state).toBe("suspect");
  pair.instanceIsDead = false;
  pair.message(1, 1);
  pair.clock.run(300);

  expect(pair.gateway.state).toBe("open");
  expect(pair.instanceListener.messages).toEqual([[1, 1]]);
});

test("a bus that takes smaller packets than before loses the link whose batches no longer fit", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  pair.isCut = true;
  pair.message(1, 1, 100_000);
  pair.clock.run(1);
  pair.gateway.busChanged(false);
  pair.maxPayloadBytes = 65_536;
  pair.gateway.busChanged(true);

  expect(pair.gatewayListener.events).toEqual(["lost: payload-shrunk"]);
});

test("packets that can't be read are reported and change nothing", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  const random = seeded(7);
  for (let round = 0; round < 2_000; round++) {
    const packet = Uint8Array.from({ length: Math.floor(random() * 60) }, () => random() * 256);
    expect(pair.instance.receive(packet)).toBeTypeOf("string");
  }
  pair.message(1, 1);
  pair.clock.run(20);

  expect(pair.instanceListener.messages).toEqual([[1, 1]]);
});

test("a batch that stays unreadable loses the link instead of being skipped", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  let last: Uint8Array | undefined;
  pair.drop = (from, packet) => {
    if (from === "gateway") last = packet.slice();
    return from === "gateway";
  };
  pair.message(1, 1);
  pair.clock.run(0);
  if (last === undefined) throw new Error("nothing was published");
  const broken = last.slice(0, -3);
  const problems = [1, 2, 3].map(() => pair.instance.receive(broken));
  pair.clock.run(100);

  expect(problems[0]).toBeTypeOf("string");
  expect(pair.instance.state).toBe("lost");
  expect(pair.gatewayListener.events).toEqual(["lost: reset"]);
  expect(pair.instanceListener.messages).toEqual([]);
});

test("an acknowledgement of what was never sent is refused", () => {
  const pair = new Pair();
  const other = new Pair();
  for (let round = 0; round < 3; round++) {
    other.open(round + 1);
    other.clock.run(1);
  }
  let ack: Uint8Array | undefined;
  other.drop = (from, packet) => {
    if (from === "instance") ack = packet.slice();
    return false;
  };
  other.clock.run(100);
  if (ack === undefined) throw new Error("nothing was acknowledged");

  expect(pair.gateway.receive(ack)).toMatchInlineSnapshot(`"it acknowledges batch 3, which was never sent"`);
});

test("a lost link leaves no timer behind", () => {
  const pair = new Pair();
  pair.open(1);
  pair.message(1, 1);
  pair.clock.run(2);
  pair.gateway.fail("stopped");
  pair.instance.fail("stopped");
  pair.clock.run(10);

  expect(pair.clock.pending).toBe(0);
});
