import type { CloseSource, Envelope } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";

import type { ConnectionInlet, ConnectionOutlet, InboundMessage } from "velaros";
import type { SeededRandom } from "./random.ts";
import type { SimulatedGateway } from "./simulated-gateway.ts";
import type { Answer, Question } from "./simulated-service.ts";
import type { World } from "./world.ts";

/** What a client can want; most of them name a route of the services. */
export type MessageKind =
  | "echo"
  | "slow"
  | "parts"
  | "push"
  | "ask"
  | "silent"
  | "fail"
  | "kick"
  | "rooms/admin"
  | "rooms/one"
  | "missing"
  | "without-id"
  | "medium"
  | "large";

/** Several of these fill the window of a client. */
const mediumBytes = 60_000;
/** Above what travels in one piece. */
const largeBytes = 150_000;
/** So few ids that most of them are used again and again. */
const ids = ["a", "b", "c", "d", "e", "f"] as const;

/** One WebSocket between a client and a gateway, without the WebSocket: two queues with a delay. */
export class ClientConnection implements ConnectionOutlet {
  readonly name: string;
  readonly gateway: SimulatedGateway;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #client: SimulatedClient;
  readonly #inlet: ConnectionInlet;
  readonly #numbers = new Map<string, number>();
  /** The message behind each id that waits for its outcome. */
  readonly #open = new Map<string, string>();
  readonly #settled = new Set<string>();
  readonly #parts = new Map<string, number>();
  /** Ids under which the service has asked back; an error may then be about our answer. */
  readonly #asked = new Set<string>();
  /** Ids that may be used; what became free last comes first. */
  readonly #freeIds: string[] = [...ids];
  #uniqueIds = 0;
  #isPaused = false;
  /** What has arrived at the gateway's machine and is not read yet. */
  readonly #waiting: { readonly message: InboundMessage; readonly token: string | undefined }[] = [];
  #reachesGatewayMs = 0;
  #reachesClientMs = 0;
  #isOver = false;
  #closes = 0;
  #slowUntilMs = 0;

  constructor(world: World, client: SimulatedClient, gateway: SimulatedGateway, name: string) {
    this.#world = world;
    this.#client = client;
    this.#random = world.random.fork(name);
    this.name = name;
    this.gateway = gateway;
    this.#inlet = gateway.edge.connect({ remoteAddress: "10.0.0.1", headers: {} }, this);
    world.sockets.set(this.#inlet.socketId, name);
    gateway.connections.add(this);
  }

  get socketId(): string {
    return this.#inlet.socketId;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many messages wait for an outcome. */
  get unsettled(): number {
    return this.#open.size;
  }

  // What the client does.

  /** Sends a message of this kind. Returns its token. */
  ask(service: string, kind: MessageKind): string {
    const token = this.#world.nextToken(this.name);
    const number = (this.#numbers.get(service) ?? 0) + 1;
    this.#numbers.set(service, number);
    const hasId = kind !== "without-id";
    const wantsOutcome = hasId && kind !== "silent";
    const id = hasId ? this.#takeId(wantsOutcome && kind !== "ask") : undefined;
    this.#world.history.record({
      type: "sent",
      atMs: this.#world.time.nowMs,
      socket: this.name,
      service,
      message: token,
      number,
      id,
      wantsOutcome,
    });
    if (id !== undefined) this.#open.set(id, token);
    const route = kind === "without-id" || kind === "medium" || kind === "large" ? "echo" : kind;
    const paddingBytes = kind === "large" ? largeBytes : kind === "medium" ? mediumBytes : 0;
    const data: Question = {
      token,
      takesMs: this.#random.integer(1, this.#random.chance(0.1) ? 3_000 : 200),
      ...(paddingBytes > 0 ? { padding: "x".repeat(paddingBytes) } : {}),
    };
    this.#send({ ...(id === undefined ? {} : { id }), path: `/${service}/${route}`, data }, token);
    return token;
  }

  /** The client closes, without waiting for anything. */
  leave(status: number = 1000): void {
    if (this.#isOver) return;
    this.#ended(status);
    this.#inGateway(() => this.#inlet.closed(status, "", "client"));
  }

  /** The client does not read for a while. */
  fallBehind(durationMs: number): void {
    this.#slowUntilMs = this.#world.time.nowMs + durationMs;
  }

  /** The gateway's process is gone, and its connections with it. */
  reset(): void {
    this.#toClient(() => this.#ended(1006));
  }

  // What the gateway does.

  send(payload: Uint8Array | string): void | Promise<void> {
    if (this.#closes > 0) this.#world.fault("resurrection", `${this.name} is written to after its close`);
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload.slice();
    this.#toClient(() => this.#received(bytes));
    const waitMs = this.#slowUntilMs - this.#world.time.nowMs;
    if (waitMs <= 0) return undefined;
    return new Promise((resolve) => {
      this.#world.time.schedule(waitMs, resolve, this.gateway.process);
    });
  }

  close(status: number, _reason: string, _source: CloseSource): void {
    this.#closes++;
    if (this.#closes > 1) this.#world.fault("double-close", `${this.name} is closed twice`);
    this.gateway.connections.delete(this);
    this.#toClient(() => this.#ended(status));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#pump();
  }

  // How it travels.

  #send(envelope: Envelope, token?: string): void {
    const message: InboundMessage = { bytes: jsonCodec.encode(envelope), type: "text" };
    this.#inGateway(() => {
      this.#waiting.push({ message, token });
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#isPaused) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.token !== undefined) this.#world.arrivals.set(next.token, this.#world.time.nowMs);
      this.#inlet.message(next.message);
    }
  }

  #inGateway(callback: () => void): void {
    const { time } = this.#world;
    this.#reachesGatewayMs = Math.max(this.#reachesGatewayMs, time.nowMs + this.#random.next() * 3);
    time.schedule(this.#reachesGatewayMs - time.nowMs, callback, this.gateway.process);
  }

  #toClient(callback: () => void): void {
    const { time } = this.#world;
    const earliestMs = Math.max(this.#slowUntilMs, time.nowMs + this.#random.next() * 3);
    this.#reachesClientMs = Math.max(this.#reachesClientMs, earliestMs);
    time.schedule(this.#reachesClientMs - time.nowMs, callback);
  }

  #ended(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#world.history.record({
      type: "disconnected",
      atMs: this.#world.time.nowMs,
      socket: this.name,
      status,
    });
    this.#client.lost(this);
  }

  #received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const { id, path, data, error } = jsonCodec.decode(bytes);
    const answer = (data ?? {}) as Answer;
    if (error !== undefined) {
      this.#refused(id, error.code);
    } else if (answer.ask !== undefined) {
      this.#checkOwner(answer.ask);
      if (id === undefined || path === undefined)
        this.#world.fault("phantom", `${this.name} is asked without id`);
      else {
        this.#asked.add(id);
        this.#send({ id, data: answer.ask });
      }
    } else if (answer.push !== undefined) {
      this.#checkOwner(answer.push);
    } else if (answer.token !== undefined) {
      this.#answered(id, answer);
    } else {
      this.#world.fault("phantom", `${this.name} received something without meaning`);
    }
  }

  #refused(id: string | undefined, code: string): void {
    this.#world.codes.set(code, (this.#world.codes.get(code) ?? 0) + 1);
    if (id === undefined) return;
    const token = this.#open.get(id);
    const isAsked = this.#asked.has(id);
    if (token === undefined) {
      if (isAsked) return;
      this.#world.fault("phantom", `${this.name} received ${code} for ${id}, which is not open`);
      return;
    }
    this.#settle(id, token);
    this.#world.history.record({
      type: "failed",
      atMs: this.#world.time.nowMs,
      socket: this.name,
      message: token,
      code: isAsked ? "DELIVERY_UNKNOWN" : code,
    });
  }

  #answered(id: string | undefined, { token = "", part = 0, isLast = true }: Answer): void {
    const isLate = this.#settled.has(token);
    // The error was about our answer to the service's question, which did arrive after all.
    if (isLate && id !== undefined && this.#asked.has(id)) return;
    if (!isLate && part !== (this.#parts.get(token) ?? 0)) {
      this.#world.fault("order-inversion", `${this.name} received part ${part} of the answer to ${token}`);
    }
    this.#parts.set(token, part + 1);
    if (!isLast && !isLate) return;
    this.#world.history.record({
      type: "replied",
      atMs: this.#world.time.nowMs,
      socket: this.name,
      message: token,
    });
    if (id === undefined) return;
    if (this.#open.get(id) === token) this.#settle(id, token);
    else if (!isLate)
      this.#world.fault("cross-talk", `${this.name} received the answer to ${token} under ${id}`);
  }

  #settle(id: string, token: string): void {
    this.#open.delete(id);
    this.#settled.add(token);
    if (id.length === 1) this.#freeIds.unshift(id);
  }

  #takeId(isReusable: boolean): string {
    const id = isReusable ? this.#freeIds.shift() : undefined;
    return id ?? `${this.name}-${++this.#uniqueIds}`;
  }

  #checkOwner(token: string): void {
    if (this.#world.ownerOf(token) === this.name) return;
    this.#world.fault("cross-talk", `${this.name} received something for ${token}`);
  }
}

/** Somebody who is connected, and connects again whenever the connection is lost. */
export class SimulatedClient {
  readonly name: string;
  connection: ClientConnection | undefined;
  /** Whether it comes back when it loses its connection. */
  isStaying = true;
  readonly #world: World;
  readonly #random: SeededRandom;
  #connections = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.#random = world.random.fork(name);
  }

  /** Connects to some gateway, as soon as there is one. */
  connect(): void {
    if (this.connection !== undefined || !this.isStaying) return;
    const gateways = this.#world.gateways.filter(
      ({ state, process }) => state === "running" && !process.isPaused,
    );
    const [first, ...others] = gateways;
    if (first === undefined) {
      this.#retry();
      return;
    }
    const gateway = this.#random.pick([first, ...others]);
    this.#world.time.schedule(this.#random.next() * 5, () => {
      if (this.connection !== undefined || !this.isStaying) return;
      if (gateway.state !== "running" || gateway.process.isPaused) this.#retry();
      else {
        const name = `${this.name}.${++this.#connections}`;
        this.connection = new ClientConnection(this.#world, this, gateway, name);
      }
    });
  }

  lost(connection: ClientConnection): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.#retry();
  }

  #retry(): void {
    if (this.isStaying) this.#world.time.schedule(this.#random.integer(50, 1_000), () => this.connect());
  }
}
