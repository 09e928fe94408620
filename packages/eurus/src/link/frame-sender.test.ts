import { expect, test } from "vitest";

import { noFaults, Pair, upTo } from "../../../../test/support/link-pair.ts";
import { defaultLinkLimits } from "./limits.ts";

test("one socket that nobody reads holds back neither the others nor the link [fault:N5]", () => {
  const pair = new Pair();
  pair.instanceListener.react = (frame) => {
    if (frame.type === "message" && frame.pin === 2) pair.instance.consumed(2, frame.body.length);
  };
  pair.open(1);
  pair.open(2);
  for (const number of upTo(40)) pair.message(1, number, 50_000);
  for (const number of upTo(40)) pair.message(2, number, 50_000);
  pair.clock.run(1_000);

  const arrived = (pin: number) => pair.instanceListener.messages.filter(([of]) => of === pin).length;
  expect(arrived(1)).toBe(5);
  expect(arrived(2)).toBe(40);
  expect(pair.gateway.hasCredit(1)).toBe(false);
  pair.instanceListener.react = (frame) => {
    if (frame.type === "message") pair.instance.consumed(frame.pin, frame.body.length);
  };
  pair.instance.consumed(1, 250_000);
  pair.clock.run(1_000);
  expect(arrived(1)).toBe(40);
  expect(pair.gatewayListener.events).toContain("writable 1");
});

test("replies given as text arrive as their UTF-8, in order, and take of the window what they encode to", () => {
  const pair = new Pair();
  pair.open(1);
  pair.clock.run(20);
  const send = (...texts: string[]): void => {
    for (const body of texts) {
      const common = { pin: 1, number: 0, requestId: undefined, messageType: "text", body } as const;
      pair.instance.send({ type: "output", purpose: "push", ...common });
    }
    pair.clock.run(100);
  };
  const window = defaultLinkLimits.pinWindowBytes;
  const texts = [
    "a",
    "a".repeat(70),
    "é".repeat(64),
    "😀".repeat(100),
    "€".repeat(43_000),
    "b".repeat(131_072),
  ];
  const encoded = texts.map((body) => new TextEncoder().encode(body));
  const bytes = encoded.reduce((sum, { length }) => sum + length, 0);
  const rest = "c".repeat(window - bytes - 1);
  send(...texts, rest);
  expect(pair.instance.hasCredit(1)).toBe(true);
  send("d");
  expect(pair.instance.hasCredit(1)).toBe(false);
  // One that has to wait, and one that travels in pieces.
  send("e", "€".repeat(50_000));
  expect(pair.gatewayListener.outputs).toHaveLength(8);
  pair.gateway.consumed(1, window);
  pair.clock.run(100);

  const bodies = pair.gatewayListener.frames.flatMap((frame) =>
    frame.type === "output" ? [frame.body] : [],
  );
  const all = [...texts, rest, "d", "e", "€".repeat(50_000)];
  expect(bodies).toEqual(all.map((body) => new TextEncoder().encode(body)));
});

test("large messages travel in pieces, and small ones of other sockets pass between them", () => {
  const pair = new Pair();
  pair.instanceListener.react = (frame) => {
    if (frame.type === "open") pair.instance.send({ type: "opened", pin: frame.pin });
    if (frame.type === "message") pair.instance.consumed(frame.pin, frame.body.length);
  };
  pair.open(1);
  pair.open(2);
  pair.message(1, 1, 1_000_000);
  pair.message(1, 2);
  pair.message(2, 1);
  pair.clock.run(3_000);

  expect(pair.instanceListener.messages).toEqual([
    [2, 1],
    [1, 1],
    [1, 2],
  ]);
  expect(pair.reassembly.usedBytes).toBe(0);
});

test("a large message waits until its pin is accepted", () => {
  const pair = new Pair();
  pair.open(1);
  pair.message(1, 1, 500_000);
  pair.clock.run(1_000);
  expect(pair.instanceListener.frames.map(({ type }) => type)).toEqual(["open"]);
  expect(pair.gateway.proofOf(1, 1)).toBe("not-delivered");

  pair.instance.send({ type: "opened", pin: 1 });
  pair.clock.run(1_000);
  expect(pair.instanceListener.messages).toEqual([[1, 1]]);
});

test("the end of a message travels in its reply while that has not left, and not in any other", () => {
  const pair = new Pair();
  pair.open(300);
  pair.clock.run(5);
  for (const number of [1, 2, 3]) pair.reply(300, number);

  expect(pair.instance.endWithReply(300, 2)).toBe(false);
  expect(pair.instance.endWithReply(3, 3)).toBe(false);
  expect(pair.instance.endWithReply(300, 3)).toBe(true);
  expect(pair.instance.endWithReply(300, 3)).toBe(false);
  pair.reply(300, 4);
  pair.clock.run(5);
  expect(pair.instance.endWithReply(300, 4)).toBe(false);

  const replies = pair.gatewayListener.frames.flatMap((frame) =>
    frame.type === "output" ? [`${frame.purpose} ${frame.number}`] : [],
  );
  expect(replies).toEqual(["reply 1", "reply 2", "last-reply 3", "reply 4"]);
});

test("a reply that waits for credit can't be told to end its message", () => {
  const pair = new Pair(noFaults, 1, { pinWindowBytes: 1024 });
  pair.open(1);
  pair.clock.run(5);
  pair.reply(1, 1, 1024);
  pair.reply(1, 2, 10);

  expect(pair.instance.endWithReply(1, 2)).toBe(false);
});
