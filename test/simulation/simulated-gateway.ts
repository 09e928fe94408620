import { Gateway } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";

import type { Endpoint } from "./faulty-bus.ts";
import type { ClientConnection } from "./simulated-client.ts";
import type { VirtualProcess } from "./virtual-time.ts";
import type { World } from "./world.ts";

/** One process with a gateway and the router in front of it. */
export class SimulatedGateway {
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly gateway: Gateway;
  readonly edge: Router;
  readonly connections = new Set<ClientConnection>();
  state: "starting" | "running" | "stopping" | "stopped" | "killed" = "stopped";

  constructor(world: World, process: VirtualProcess) {
    this.process = process;
    this.endpoint = world.bus.connect(process);
    this.gateway = new Gateway("main", this.endpoint, {
      runtime: process.runtime,
      drainTimeoutMs: 2_000,
      onError: (error) => world.failed(this.name, error),
    });
    this.edge = new Router({
      runtime: process.runtime,
      onError: (error) => world.failed(this.name, error),
    })
      .use(json())
      .use(this.gateway);
    this.gateway.onEvent((event) => {
      world.note(this.name, event);
      if (event.type === "unpinned" && event.cause === "open-timeout") {
        world.unaccepted.add(`${world.socketName(event.socketId)} ${event.service}`);
      }
      if (event.type === "error") world.failed(this.name, event.error);
      if (event.type === "announcement-refused") world.failed(this.name, new Error(event.problem));
    });
  }

  get name(): string {
    return this.process.name;
  }
}
