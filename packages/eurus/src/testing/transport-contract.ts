import { nodeRuntime } from "velaros";

import type { Packet, Transport } from "../transport/transport.ts";
import { expectSame, expectThat } from "./expect.ts";

/** One promise of a transport. Run it as a test of any test runner: it rejects when the promise is broken. */
export interface TransportContractCase {
  /** A sentence that says what is promised. */
  readonly name: string;
  run(): Promise<void>;
}

/** A bus that was set up for one case. */
export interface TransportContractBus {
  /** A transport of its own on this bus, as another process would have. */
  connect(): Promise<Transport>;
  /** Called when the case is over, whatever came of it; transports are closed before. */
  dispose?(): Promise<void>;
}

/** What the suite needs to try a transport out. */
export interface TransportContractOptions {
  /** Sets up an empty bus for one case. */
  bus(): Promise<TransportContractBus>;
  /** How long a packet may take before the case fails, in milliseconds. @defaultValue 5 000 */
  readonly timeoutMs?: number | undefined;
}

/** What a case works with. */
interface Bench {
  readonly one: Transport;
  /** Another transport of the same bus; the very same object when each `connect` returns that. */
  readonly other: Transport;
  waitFor(condition: () => boolean, promise: string): Promise<void>;
}

/**
 * Everything that links and announcements rely on in a {@link Transport}, as named cases.
 *
 * @example
 * ```ts
 * for (const { name, run } of transportContract({ bus: async () => ({ connect: async () => new MyTransport() }) })) {
 *   test(name, run);
 * }
 * ```
 */
export function transportContract(options: TransportContractOptions): readonly TransportContractCase[] {
  const timeoutMs = options.timeoutMs ?? 5_000;

  async function waitFor(condition: () => boolean, promise: string): Promise<void> {
    const untilMs = nodeRuntime.nowMs() + timeoutMs;
    while (!condition()) {
      if (nodeRuntime.nowMs() > untilMs) throw new Error(`Not within ${timeoutMs} ms: ${promise}`);
      await new Promise<void>((resolve) => void nodeRuntime.setTimer(2, resolve));
    }
  }

  async function onBench(body: (bench: Bench) => Promise<void>): Promise<void> {
    const bus = await options.bus();
    const transports: Transport[] = [];
    try {
      const one = await bus.connect();
      transports.push(one);
      const other = await bus.connect();
      transports.push(other);
      await body({ one, other, waitFor });
    } finally {
      for (const transport of transports) await transport.close();
      await bus.dispose?.();
    }
  }

  return cases.map(({ name, body }) => ({ name, run: () => onBench(body) }));
}

const cases: readonly { readonly name: string; readonly body: (bench: Bench) => Promise<void> }[] = [
  {
    name: "packets of one publisher on one subject arrive once, in order and unchanged",
    body: async ({ one, other, waitFor }) => {
      const received = collect(other, "contract.order");
      await other.flush();
      for (let index = 0; index < 1_000; index++) one.publish("contract.order", numbered(index));
      await waitFor(() => received.length >= 1_000, "1,000 packets arrive");
      await one.flush();

      expectSame(received.map(numberOf), range(1_000), "packets arrive once and in order");
    },
  },
  {
    name: "packets of one publisher on different subjects keep their order at one subscription",
    body: async ({ one, other, waitFor }) => {
      const received = collect(other, "contract.many.>");
      await other.flush();
      for (let index = 0; index < 300; index++) one.publish(`contract.many.${index % 7}`, numbered(index));
      await waitFor(() => received.length >= 300, "300 packets arrive");

      expectSame(
        received.map(numberOf),
        range(300),
        "packets arrive in the order in which they were published",
      );
    },
  },
  {
    name: "every subscriber receives a packet, on its own transport or another, whichever pattern it used",
    body: async ({ one, other, waitFor }) => {
      const lists = [
        collect(one, "contract.fan.a.b"),
        collect(one, "contract.fan.*.b"),
        collect(other, "contract.fan.>"),
        collect(other, "contract.fan.a.b"),
        collect(other, "contract.fan.a.b"),
      ];
      await one.flush();
      await other.flush();
      one.publish("contract.fan.a.b", numbered(1));
      await waitFor(
        () => lists.every((list) => list.length > 0),
        "all five subscriptions receive the packet",
      );
      await settle(one, other);

      expectSame(
        lists.map((list) => list.length),
        [1, 1, 1, 1, 1],
        "each receives it once",
      );
      const subjects = lists.flat().map(({ subject }) => subject);
      expectThat(
        subjects.every((subject) => subject === "contract.fan.a.b"),
        "a packet names the subject that it was published to",
      );
    },
  },
  {
    name: "a final > stands for one or more tokens and * for exactly one",
    body: async ({ one, other, waitFor }) => {
      const below = collect(other, "contract.wild.>");
      const single = collect(other, "contract.wild.*");
      await other.flush();
      const published = ["contract.wild", "contract.wild.a", "contract.wild.a.b", "contract.wilder.a"];
      for (const subject of published) one.publish(subject, numbered(1));
      one.publish("contract.wild.end", numbered(1));
      await waitFor(() => below.some(({ subject }) => subject.endsWith("end")), "the last packet arrives");
      await settle(one, other);

      const names = (packets: readonly Packet[]): string[] => packets.map(({ subject }) => subject);
      expectSame(
        names(below),
        ["contract.wild.a", "contract.wild.a.b", "contract.wild.end"],
        "> takes one or more tokens",
      );
      expectSame(names(single), ["contract.wild.a", "contract.wild.end"], "* takes exactly one token");
    },
  },
  {
    name: "subjects differ by case and by every allowed character [weakness:W24]",
    body: async ({ one, other, waitFor }) => {
      const tokens = ["aB", "ab", "a_b", "a-b", "AB", "0", "-", "_", "x".repeat(64)];
      const received = tokens.map((token) => collect(other, `contract.token.${token}`));
      await other.flush();
      for (const token of tokens) one.publish(`contract.token.${token}`, numbered(1));
      await waitFor(() => received.every((list) => list.length > 0), "every subject receives its packet");
      await settle(one, other);

      expectSame(
        received.map((list) => list.length),
        tokens.map(() => 1),
        "no subject receives another one's packet",
      );
    },
  },
  {
    name: "no handler is called from within publish or subscribe",
    body: async ({ one, other, waitFor }) => {
      let isPublishing = true;
      let isNested = false;
      let count = 0;
      one.subscribe("contract.nested", () => {
        isNested ||= isPublishing;
        isPublishing = true;
        if (count++ < 3) one.publish("contract.nested", numbered(count));
        isPublishing = false;
      });
      other.subscribe("contract.nested", () => {
        isNested ||= isPublishing;
      });
      await one.flush();
      one.publish("contract.nested", numbered(0));
      isPublishing = false;
      await waitFor(() => count >= 4, "packets published by handlers arrive");

      expectThat(!isNested, "a handler is never called while publish has not returned");
    },
  },
  {
    name: "nothing arrives after unsubscribe, which ends one subscription only and may be called twice [weakness:W5]",
    body: async ({ one, other, waitFor }) => {
      const ended: Packet[] = [];
      const handler = (packet: Packet): void => void ended.push(packet);
      const unsubscribe = other.subscribe("contract.end", handler);
      const kept = collect(other, "contract.end");
      await other.flush();
      one.publish("contract.end", numbered(1));
      await waitFor(() => ended.length === 1 && kept.length === 1, "both receive the first packet");
      unsubscribe();
      unsubscribe();
      await other.flush();
      one.publish("contract.end", numbered(2));
      await waitFor(() => kept.length === 2, "the other subscription of the same subject lives on");
      await settle(one, other);

      expectSame(ended.map(numberOf), [1], "nothing arrives after unsubscribe");
    },
  },
  {
    name: "a handler that throws is reported, and neither it nor others miss a packet",
    body: async ({ one, other, waitFor }) => {
      const errors: Error[] = [];
      other.onError(() => {
        throw new Error("thrown by a listener of errors");
      });
      other.onError((error) => void errors.push(error));
      let thrown = 0;
      other.subscribe("contract.throw", () => {
        thrown++;
        throw new Error("thrown by a handler");
      });
      const received = collect(other, "contract.throw");
      await other.flush();
      for (let index = 0; index < 3; index++) one.publish("contract.throw", numbered(index));
      await waitFor(() => received.length === 3 && thrown === 3, "all packets arrive at both subscriptions");

      expectThat(errors.length === 3, "each failure is reported through onError");
    },
  },
  {
    name: "a packet for nobody is reported to the publisher, as an empty packet on the subject that it chose",
    body: async ({ one, other, waitFor }) => {
      const reports = collect(one, "contract.nr.>");
      const foreign = collect(other, "contract.inbox");
      await one.flush();
      await other.flush();
      one.publish("contract.nobody", numbered(1), "contract.nr.7.again");
      one.publish("contract.inbox", numbered(2), "contract.nr.8");
      await waitFor(() => reports.length > 0 && foreign.length > 0, "the report and the other packet arrive");
      await settle(one, other);

      expectSame(
        reports.map(({ subject }) => subject),
        ["contract.nr.7.again"],
        "only what reached nobody is reported",
      );
      const payload = reports[0]?.payload;
      expectThat(payload instanceof Uint8Array && payload.length === 0, "a report has an empty payload");
    },
  },
  {
    name: "a packet for a subscriber that has left is reported too",
    body: async ({ one, other, waitFor }) => {
      const reports = collect(one, "contract.nr.>");
      const unsubscribe = other.subscribe("contract.left", () => undefined);
      await one.flush();
      await other.flush();
      unsubscribe();
      await other.flush();
      one.publish("contract.left", numbered(1), "contract.nr.1");

      await waitFor(() => reports.length === 1, "the report arrives");
    },
  },
  {
    name: "flush resolves only when what was subscribed before it receives packets from everywhere",
    body: async ({ one, other, waitFor }) => {
      for (let round = 0; round < 50; round++) {
        const received = collect(other, `contract.flush.${round}`);
        await other.flush();
        one.publish(`contract.flush.${round}`, numbered(round));
        await waitFor(() => received.length === 1, "the packet published after flush arrives");
      }
    },
  },
  {
    name: "a packet of maxPayloadBytes, or 4 MiB where there is no such bound, arrives whole",
    body: async ({ one, other, waitFor }) => {
      const size = Math.min(one.maxPayloadBytes, 4 * 1024 * 1024);
      expectThat(size >= 64 * 1024, "a transport takes at least 64 KiB");
      const received = collect(other, "contract.size");
      await other.flush();
      one.publish("contract.size", new Uint8Array(size).fill(7));
      await waitFor(() => received.length === 1, "the largest packet arrives");

      const payload = received[0]?.payload;
      const isWhole =
        payload instanceof Uint8Array && payload.length === size && payload.every((byte) => byte === 7);
      expectThat(isWhole, "the largest packet is unchanged");
    },
  },
  {
    name: "objects arrive as the very objects where the transport calls itself reliable",
    body: async ({ one, waitFor }) => {
      if (!one.reliable) return;
      const received = collect(one, "contract.object");
      const sent = { a: 1 };
      one.publish("contract.object", sent);
      await waitFor(() => received.length === 1, "the object arrives");

      expectThat(received[0]?.payload === sent, "an object is not copied");
    },
  },
  {
    name: "the status is connected, and closed after close, which may be called twice and is told once",
    body: async ({ one }) => {
      expectThat(one.status === "connected", "a transport that was handed out is connected");
      const statuses: string[] = [];
      one.onStatus((status) => void statuses.push(status));
      const unsubscribe = one.onStatus(() => void statuses.push("unsubscribed"));
      unsubscribe();
      unsubscribe();
      await one.close();
      await one.close();

      expectSame(statuses, ["closed"], "listeners hear of the change once");
      expectThat(one.status === "closed", "the status says so");
    },
  },
  {
    name: "after close nothing arrives, publishing does nothing and flush rejects",
    body: async ({ one, other }) => {
      const received = collect(one, "contract.closed");
      await one.flush();
      await one.close();
      one.publish("contract.closed", numbered(1));
      if (other.status === "connected") {
        other.publish("contract.closed", numbered(2));
        await settle(other);
      }
      const flushed = await one.flush().then(
        () => "resolved",
        () => "rejected",
      );

      expectThat(flushed === "rejected", "flush rejects on a closed transport");
      expectThat(received.length === 0, "nothing arrives after close");
    },
  },
];

/** Subscribes and keeps what comes. */
function collect(transport: Transport, subject: string): Packet[] {
  const received: Packet[] = [];
  transport.subscribe(subject, (packet) => void received.push(packet));
  return received;
}

/** Gives late packets, such as second copies, the time of two round trips. */
async function settle(...transports: readonly Transport[]): Promise<void> {
  for (let round = 0; round < 2; round++) for (const transport of transports) await transport.flush();
}

function numbered(number: number): Uint8Array {
  return Uint8Array.of(1, number >> 8, number);
}

function numberOf({ payload }: Packet): number {
  if (!(payload instanceof Uint8Array)) return -1;
  return ((payload[1] ?? 0) << 8) | (payload[2] ?? 0);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
