import { Service } from "eurus";
import { type Context, Router } from "velaros";
import { json } from "velaros/json";

import type { Endpoint } from "./faulty-bus.ts";
import type { SeededRandom } from "./random.ts";
import type { VirtualProcess } from "./virtual-time.ts";
import type { World } from "./world.ts";

/** What clients send and handlers understand. `token` names the message in the history. */
export interface Question {
  readonly token: string;
  /** How long the handler takes, in milliseconds. */
  readonly takesMs?: number;
  readonly padding?: string;
}

/** What handlers send. */
export interface Answer {
  /** The message that is answered. */
  readonly token?: string;
  /** Which of several answers, from 0. */
  readonly part?: number;
  /** Nothing follows. */
  readonly isLast?: boolean;
  /** The message that caused something nobody asked for. */
  readonly push?: string;
  /** A question to the client, on behalf of this message. */
  readonly ask?: string;
  readonly padding?: string;
}

/** How the sockets of one service end when their instance is lost. */
export interface ServicePlan {
  readonly name: string;
  readonly onInstanceLost: "close" | "repin";
}

/** One time that an instance opened a virtual socket. */
export interface Session {
  readonly name: string;
  readonly socketId: string;
  isOpen: boolean;
}

/** Thrown by handlers on purpose. */
export const plannedFailure = "a planned failure";

const partsOfAnswer = 3;
/** Longer than any message takes, unless it is lost for good. */
const requestTimeoutMs = 5_000;

/** One process with one instance of a service, whose handlers write into the history. */
export class SimulatedService {
  readonly plan: ServicePlan;
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly service: Service;
  readonly sessions = new Set<Session>();
  /** What the run wants of it. */
  state: "starting" | "running" | "stopping" | "stopped" | "killed" = "stopped";
  readonly #world: World;
  readonly #random: SeededRandom;
  #sessions = 0;

  constructor(world: World, plan: ServicePlan, process: VirtualProcess, random: SeededRandom) {
    this.#world = world;
    this.plan = plan;
    this.process = process;
    this.#random = random;
    this.endpoint = world.bus.connect(process);
    this.service = new Service(plan.name, this.endpoint, this.#router(), {
      runtime: process.runtime,
      onInstanceLost: plan.onInstanceLost,
      drainTimeoutMs: 2_000,
      onError: (error) => world.failed(this.name, error),
    });
    this.service.onEvent((event) => {
      world.note(this.name, event);
      if (event.type === "error") world.failed(this.name, event.error);
      if (event.type === "announcement-refused") world.failed(this.name, new Error(event.problem));
    });
  }

  get name(): string {
    return this.process.name;
  }

  get openSessions(): readonly Session[] {
    return [...this.sessions].filter(({ isOpen }) => isOpen);
  }

  #router(): Router {
    const path = (name: string): string => `/${this.plan.name}/${name}`;
    return new Router({
      runtime: this.process.runtime,
      onError: (error) => this.#world.failed(this.name, error),
    })
      .use(json())
      .useOpen((context) => this.#opened(context))
      .useClose((context) => this.#closed(context))
      .publicBind(
        path("echo"),
        this.#handler((context, { token, padding }) => reply(context, token, padding)),
      )
      .publicBind(
        path("slow"),
        this.#handler(async (context, { token, takesMs = 0 }) => {
          await this.#sleep(takesMs);
          await reply(context, token);
        }),
      )
      .publicBind(
        path("parts"),
        this.#handler(async (context, { token }) => {
          for (let part = 0; part < partsOfAnswer; part++) {
            if (part > 0) await this.#sleep(this.#random.integer(0, 30));
            await send(context, { token, part, isLast: part === partsOfAnswer - 1 });
          }
        }),
      )
      .publicBind(
        path("push"),
        this.#handler(async (context, { token, takesMs = 0 }) => {
          const { socket } = context;
          await reply(context, token);
          void this.#sleep(takesMs)
            .then(() => socket.push({ push: token } satisfies Answer, { path: "/news" }))
            .catch(() => undefined);
        }),
      )
      .publicBind(
        path("ask"),
        this.#handler(async (context, { token }) => {
          const answer = await context.request<string>({ ask: token } satisfies Answer, {
            timeoutMs: requestTimeoutMs,
          });
          if (answer !== token) this.#world.fault("cross-talk", `${token} asked and was told ${answer}`);
          await reply(context, token);
        }),
      )
      .publicBind(
        path("silent"),
        this.#handler(() => undefined),
      )
      .publicBind(
        path("fail"),
        this.#handler(() => {
          throw new Error(plannedFailure);
        }),
      )
      .publicBind(
        path("kick"),
        this.#handler((context) => context.closeWithStatus(4001, "Kicked")),
      )
      .bind(
        path("rooms/admin"),
        this.#handler((context, { token }) => reply(context, token), true),
      )
      .publicBind(
        path("rooms/**"),
        this.#handler((context, { token }) => reply(context, token)),
      );
  }

  /** A handler that tells the history of each message first. */
  #handler(
    handle: (context: Context, question: Question) => void | Promise<void>,
    isPrivate: boolean = false,
  ): (context: Context) => void | Promise<void> {
    return (context) => {
      const question = context.unmarshal<Question>();
      const session = context.mustGetFromSocket<Session>("session");
      this.#world.history.record({
        type: "handled",
        atMs: this.#world.time.nowMs,
        service: this.plan.name,
        instance: this.name,
        socket: this.#world.socketName(context.socketId),
        session: session.name,
        message: question.token,
        isPrivate,
      });
      const running = handle(context, question);
      return running?.catch((error: unknown) => {
        if (codeOf(error) !== "VELAROS_SOCKET_CLOSED") throw error;
      });
    };
  }

  async #opened(context: Context): Promise<void> {
    const { socketId } = context;
    const session: Session = { name: `${this.name}/${++this.#sessions}`, socketId, isOpen: true };
    this.sessions.add(session);
    context.setOnSocket("session", session);
    this.#world.history.record({
      type: "opened",
      atMs: this.#world.time.nowMs,
      service: this.plan.name,
      instance: this.name,
      socket: this.#world.socketName(socketId),
      session: session.name,
    });
    if (this.#random.chance(0.3)) await this.#sleep(this.#random.integer(1, 40));
  }

  #closed(context: Context): void {
    const session = context.mustGetFromSocket<Session>("session");
    session.isOpen = false;
    this.#world.history.record({
      type: "closed",
      atMs: this.#world.time.nowMs,
      instance: this.name,
      session: session.name,
    });
  }

  #sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.process.runtime.setTimer(durationMs, resolve);
    });
  }
}

function reply(context: Context, token: string, padding?: string): Promise<void> {
  return send(context, { token, part: 0, isLast: true, ...(padding === undefined ? {} : { padding }) });
}

function send(context: Context, answer: Answer): Promise<void> {
  return context.reply(answer);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
