import fc from "fast-check";
import type { Runtime, Timer } from "velaros-protocol";
import { expect, test } from "vitest";

import { ByteBudget } from "./byte-budget.ts";
import type { Frame, GatewayToInstanceFrame, InstanceToGatewayFrame, SocketInfo } from "./frame.ts";
import { defaultLinkLimits } from "./limits.ts";
import type { LinkLimits } from "./limits.ts";
import type { LinkIdentity, LinkListener } from "./link.ts";
import { SequencedLink } from "./sequenced-link.ts";

/** Virtual time without promises: a run is a loop over what is due. */
class Clock {
  nowMs = 0;
  #order = 0;
  #due: { atMs: number; order: number; callback: (() => void) | undefined }[] = [];

  at(delayMs: number, callback: () => void): Timer {
    const entry = {
      atMs: this.nowMs + delayMs,
      order: this.#order++,
      callback: callback as (() => void) | undefined,
    };
    let index = this.#due.length;
    while (index > 0) {
      const before = this.#due[index - 1];
      if (before === undefined || before.atMs < entry.atMs) break;
      if (before.atMs === entry.atMs && before.order < entry.order) break;
      index--;
    }
    this.#due.splice(index, 0, entry);
    return {
      cancel: () => {
        entry.callback = undefined;
      },
    };
  }

  run(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      const next = this.#due[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#due.shift();
      this.nowMs = next.atMs;
      next.callback?.();
    }
    this.nowMs = untilMs;
  }

  get pending(): number {
    return this.#due.filter(({ callback }) => callback !== undefined).length;
  }
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Faults {
  readonly loss: number;
  readonly duplication: number;
  /** Longest delay; packets are free to overtake each other. */
  readonly delayMs: number;
  /** A packet is lost and its sender told that nobody was there, although somebody is. */
  readonly falseReport: number;
}

const noFaults: Faults = { loss: 0, duplication: 0, delayMs: 1, falseReport: 0 };

class Recorder implements LinkListener<Frame> {
  readonly frames: Frame[] = [];
  readonly events: string[] = [];
  react: ((frame: Frame) => void) | undefined;

  frame(frame: Frame): void {
    this.frames.push(frame);
    this.react?.(frame);
  }
  writable(pin: number): void {
    this.events.push(`writable ${pin}`);
  }
  suspect(): void {
    this.events.push("suspect");
  }
  restored(): void {
    this.events.push("restored");
  }
  lost(cause: string): void {
    this.events.push(`lost: ${cause}`);
  }

  /** Pin and number of every client message, in the order of arrival. */
  get messages(): [number, number][] {
    return this.frames.flatMap((frame) => (frame.type === "message" ? [[frame.pin, frame.number]] : []));
  }
  get outputs(): [number, number][] {
    return this.frames.flatMap((frame) => (frame.type === "output" ? [[frame.pin, frame.number]] : []));
  }
}

const identity: LinkIdentity = {
  service: "chat",
  instanceId: "i1",
  instanceEpoch: "e1",
  gatewayName: "main",
  gatewayId: "g1",
  gatewayEpoch: "ge1",
  linkId: 1,
};

/** Two ends of one link and the faulty wires between them. */
class Pair {
  readonly clock = new Clock();
  readonly gatewayListener = new Recorder();
  readonly instanceListener = new Recorder();
  readonly problems: Error[] = [];
  readonly gateway: SequencedLink<GatewayToInstanceFrame, InstanceToGatewayFrame>;
  readonly instance: SequencedLink<InstanceToGatewayFrame, GatewayToInstanceFrame>;
  readonly published = { gateway: 0, instance: 0 };
  readonly reassembly = new ByteBudget(2 * 1024 * 1024);
  /** Publishing reaches nobody, and the publisher is told. */
  instanceIsDead = false;
  /** Nothing comes through, and nobody is told. */
  isCut = false;
  faults: Faults;
  maxPayloadBytes = 1024 * 1024;
  drop: ((from: "gateway" | "instance", packet: Uint8Array) => boolean) | undefined;
  readonly #random: () => number;

  constructor(faults: Faults = noFaults, seed = 1, limits: Partial<LinkLimits> = {}) {
    this.faults = faults;
    this.#random = seeded(seed);
    const runtime: Runtime = {
      nowMs: () => this.clock.nowMs,
      setTimer: (delayMs, callback) => this.clock.at(delayMs, callback),
      defer: (callback) => void this.clock.at(0, callback),
      random: this.#random,
      randomUuid: () => "",
      randomToken: () => "",
    };
    const common = {
      identity,
      runtime,
      limits: { ...defaultLinkLimits, ...limits },
      reassembly: this.reassembly,
      isConnected: true,
      maxPayloadBytes: () => this.maxPayloadBytes,
      onProblem: (error: Error) => void this.problems.push(error),
      onLost: () => undefined,
    };
    this.gateway = new SequencedLink<GatewayToInstanceFrame, InstanceToGatewayFrame>({
      ...common,
      side: "gateway",
      unacked: new ByteBudget(16 * 1024 * 1024),
      listener: () => this.gatewayListener,
      publish: (packet, sequence, again) => this.#carry("gateway", packet, sequence, again),
    });
    this.instance = new SequencedLink<InstanceToGatewayFrame, GatewayToInstanceFrame>({
      ...common,
      side: "instance",
      unacked: new ByteBudget(16 * 1024 * 1024),
      listener: () => this.instanceListener,
      publish: (packet, sequence, again) => this.#carry("instance", packet, sequence, again),
    });
  }

  open(pin: number): void {
    this.gateway.send({ type: "open", pin, info });
  }

  message(pin: number, number: number, size = 10): void {
    this.gateway.send({
      type: "message",
      pin,
      number,
      id: `${number}`,
      path: "/a",
      messageType: "binary",
      body: new Uint8Array(size).fill(number),
      dataStart: -1,
      dataEnd: -1,
      hasMeta: false,
    });
  }

  reply(pin: number, number: number, size = 10): void {
    const body = new Uint8Array(size).fill(number);
    const common = { pin, number, requestId: undefined, messageType: "binary", body } as const;
    this.instance.send({ type: "output", purpose: "reply", ...common });
  }

  #carry(from: "gateway" | "instance", packet: Uint8Array, sequence: number, again: boolean): void {
    this.published[from]++;
    const { clock, faults } = this;
    const sender = from === "gateway" ? this.gateway : this.instance;
    const report = (): void => void clock.at(this.#delay(), () => sender.undeliverable(sequence, again));
    if (this.isCut || this.drop?.(from, packet) === true) return;
    if (from === "gateway" && this.instanceIsDead) {
      report();
      return;
    }
    if (this.#random() < faults.falseReport) {
      report();
      return;
    }
    if (this.#random() < faults.loss) return;
    this.#arrive(from, packet.slice());
    if (this.#random() < faults.duplication) this.#arrive(from, packet.slice());
  }

  #arrive(from: "gateway" | "instance", packet: Uint8Array): void {
    this.clock.at(this.#delay(), () => {
      if (from === "gateway" && this.instanceIsDead) return;
      (from === "gateway" ? this.instance : this.gateway).receive(packet);
    });
  }

  #delay(): number {
    return this.#random() * this.faults.delayMs;
  }
}

const info: SocketInfo = { socketId: "s", remoteAddress: "", headers: {}, codec: "json", trusted: {} };
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
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
