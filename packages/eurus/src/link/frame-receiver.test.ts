import { expect, test } from "vitest";

import { Pair, upTo } from "../../../../test/support/link-pair.ts";

test("large messages beyond the memory for them wait their turn and all arrive [weakness:W28]", () => {
  const pair = new Pair();
  const waiting: [number, number][] = [];
  pair.instanceListener.react = (frame) => {
    if (frame.type === "open") pair.instance.send({ type: "opened", pin: frame.pin });
    if (frame.type === "message") waiting.push([frame.pin, frame.body.length]);
  };
  for (const pin of upTo(5)) {
    pair.open(pin);
    pair.message(pin, 1, 900_000);
  }
  pair.clock.run(2_000);
  expect(pair.instanceListener.messages).toHaveLength(2);
  for (let round = 0; round < 5; round++) {
    const next = waiting.shift();
    if (next !== undefined) pair.instance.consumed(...next);
    pair.clock.run(2_000);
  }

  expect(pair.instanceListener.messages).toHaveLength(5);
  expect(pair.reassembly.usedBytes).toBe(0);
});

test("a transfer whose sender falls silent ends its pin and frees its memory [fault:N8 weakness:W28]", () => {
  const pair = new Pair();
  pair.open(1);
  pair.instance.send({ type: "opened", pin: 1 });
  pair.clock.run(20);
  pair.message(1, 1, 1_000_000);
  pair.clock.run(0);
  pair.isCut = true;
  pair.clock.run(60_000);

  expect(pair.instanceListener.frames.map(({ type }) => type)).toEqual(["open", "close"]);
  expect(pair.reassembly.usedBytes).toBe(0);
  expect(pair.problems.map(({ message }) => message)).toMatchInlineSnapshot(`
    [
      "The packet on "link 1, pin 1" is dropped: nothing more of a large message came for 30000 ms",
    ]
  `);
});

test("releasing a pin in the middle of a large message frees its memory", () => {
  const pair = new Pair();
  pair.open(1);
  pair.instance.send({ type: "opened", pin: 1 });
  pair.clock.run(20);
  pair.message(1, 1, 1_500_000);
  pair.clock.run(1);
  expect(pair.reassembly.usedBytes).toBeGreaterThan(0);
  pair.instance.release(1);

  expect(pair.reassembly.usedBytes).toBe(0);
});
