import type { Runtime, Timer } from "velaros-protocol";

import { ByteBudget } from "../../packages/eurus/src/link/byte-budget.ts";
import type {
  Frame,
  GatewayToInstanceFrame,
  InstanceToGatewayFrame,
  SocketInfo,
} from "../../packages/eurus/src/link/frame.ts";
import { defaultLinkLimits } from "../../packages/eurus/src/link/limits.ts";
import type { LinkLimits } from "../../packages/eurus/src/link/limits.ts";
import type { LinkIdentity, LinkListener } from "../../packages/eurus/src/link/link.ts";
import { SequencedLink } from "../../packages/eurus/src/link/sequenced-link.ts";

/** Virtual time without promises: a run is a loop over what is due. */
export class Clock {
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

export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Faults {
  readonly loss: number;
  readonly duplication: number;
  /** Longest delay; packets are free to overtake each other. */
  readonly delayMs: number;
  /** A packet is lost and its sender told that nobody was there, although somebody is. */
  readonly falseReport: number;
}

export const noFaults: Faults = { loss: 0, duplication: 0, delayMs: 1, falseReport: 0 };

export class Recorder implements LinkListener<Frame> {
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
export class Pair {
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

/** 1, 2, 3 … up to `count`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
