// A gateway that remembers when it lost trust in an instance: a process of its own.
import { Gateway } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
import { machineMs } from "../load/clock.ts";
import { readConfig, ready } from "./lib/child.ts";

/** An instance is no longer chosen for new clients. */
export interface Loss {
  readonly instance: string;
  /** `suspect`, or why it was removed. */
  readonly cause: string;
  readonly atMs: number;
}

const { natsPort } = readConfig<{ readonly natsPort: number }>();

const transport = await NatsTransport.connect({ servers: `127.0.0.1:${natsPort}` });
const gateway = new Gateway("bench-gateway", transport);
const losses: Loss[] = [];
gateway.onEvent((event) => {
  const atMs = machineMs();
  if (event.type === "instance-suspect") losses.push({ instance: event.instanceId, cause: "suspect", atMs });
  if (event.type === "instance-removed")
    losses.push({ instance: event.instanceId, cause: event.cause, atMs });
});
await gateway.start();

const edge = new Router().use(json()).use(gateway);
const listening = await edge.listen({ host: "127.0.0.1", port: 0, path: "/ws" });
ready({ port: listening.port }, (request) =>
  request === "losses" ? losses : gateway.services().map(({ id, suspect }) => ({ id, suspect })),
);
