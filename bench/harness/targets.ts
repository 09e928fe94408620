import type { Generator } from "../load/generator.ts";
import type { Subject } from "../load/measure.ts";
import type { Dialect, LoadShape, Window } from "../load/shape.ts";
import type { Child, Processes } from "./child.ts";
import { startNats } from "./nats.ts";

/** Settings of the programs under test that a load shape may need to raise. */
export interface ServerLimits {
  readonly messagesPerSecond: number;
}

/** Which settings a run gets, and what to say about them. */
export interface TargetConfig {
  readonly limits: ServerLimits;
  /** Extra settings of one experiment, such as the number of routes. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/** Programs that together answer clients. */
export interface Running {
  /** Role → process id; the roles of ours are what CPU figures add up, `nats-server` is stated apart. */
  readonly processes: Readonly<Record<string, number>>;
  readonly children: Readonly<Record<string, Child>>;
  readonly port: number;
  readonly path: string;
  readonly dialect: Dialect;
  stop(): Promise<void>;
}

export interface Target {
  readonly label: string;
  start(processes: Processes, config: TargetConfig, nodeOptions?: readonly string[]): Promise<Running>;
}

export type TargetName = keyof typeof targets;

export const targets = {
  ws: oneProcess("bare ws", "servers/ws-echo.js"),
  "ws-coalesced": oneProcess("bare ws, coalesced writes", "servers/ws-coalesced-echo.js"),
  "socket.io": oneProcess("Socket.IO, event and ack", "servers/socketio-echo.js", "socket.io"),
  velaros: oneProcess("Velaros, one route among 1,000", "servers/velaros-echo.js"),
  "eurus-local": oneProcess("Eurus in one process", "servers/eurus-local.js"),
  "eurus-nats": overNats("Eurus over NATS", {
    service: "servers/eurus-nats-service.js",
    gateway: "servers/eurus-nats-gateway.js",
  }),
  acknowledged: overNats("imitation that acknowledges every step", {
    service: "servers/acknowledged-imitation/service.js",
    gateway: "servers/acknowledged-imitation/gateway.js",
  }),
} satisfies Record<string, Target>;

function oneProcess(label: string, program: string, dialect: Dialect = "envelope"): Target {
  return {
    label,
    async start(processes, config, nodeOptions) {
      const server = await processes.start(program, config, nodeOptions);
      return {
        processes: { server: server.pid },
        children: { server },
        port: Number(server.ready["port"]),
        path: dialect === "envelope" ? "/ws" : "/socket.io/?EIO=4&transport=websocket",
        dialect,
        stop: () => server.stop(),
      };
    },
  };
}

function overNats(label: string, programs: { readonly service: string; readonly gateway: string }): Target {
  return {
    label,
    async start(processes, config, nodeOptions) {
      const nats = await startNats(processes);
      const settings = { ...config, natsPort: nats.port };
      const service = await processes.start(programs.service, settings, nodeOptions);
      const gateway = await processes.start(programs.gateway, settings, nodeOptions);
      return {
        processes: { gateway: gateway.pid, service: service.pid, "nats-server": nats.pid },
        children: { gateway, service },
        port: Number(gateway.ready["port"]),
        path: "/ws",
        dialect: "envelope",
        async stop() {
          await gateway.stop();
          await service.stop();
          await nats.stop();
        },
      };
    },
  };
}

/** A started target under one load. */
export async function subjectOf(
  name: string,
  running: Running,
  generator: Generator,
  shape: LoadShape,
  areas?: number,
): Promise<Subject> {
  const { port, path, dialect } = running;
  await generator.connect(name, { port, path, dialect, areas }, shape);
  return {
    name,
    async window(warmupMs, windowMs) {
      try {
        return await generator.run({ name, shape, warmupMs, windowMs, processes: running.processes });
      } catch (cause) {
        throw new Error(`${name} did not carry the load`, { cause });
      }
    },
  };
}

/** One request over the bus at a time, the yardstick for what a hop may add. Needs no clients. */
export async function startNatsRequests(processes: Processes): Promise<Subject & { stop(): Promise<void> }> {
  const nats = await startNats(processes);
  const responder = await processes.start("servers/nats-responder.js", { natsPort: nats.port });
  const requester = await processes.start("servers/nats-requester.js", { natsPort: nats.port });
  return {
    name: "nats-request",
    window: async (warmupMs, windowMs) => (await requester.ask({ warmupMs, windowMs })) as Window,
    async stop() {
      await requester.stop();
      await responder.stop();
      await nats.stop();
    },
  };
}
