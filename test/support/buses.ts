import { LocalTransport } from "eurus/local";
import { NatsTransport } from "eurus/nats";
import type { Transport } from "eurus";
import { afterAll, beforeAll, describe, test } from "vitest";
import { Fleet } from "./fleet.ts";
import { NatsServer, natsTest } from "./nats-server.ts";

/** What a suite that runs on every bus is given. */
export interface OnBus {
  /** `test`; skipped where the bus is missing. */
  readonly test: typeof test;
  /** A fleet whose processes all have a connection of their own. Dispose it. */
  newFleet(): Fleet;
  /** Whether everything runs in one process. */
  readonly local: boolean;
}

/** Defines the same tests for the bus in one process and for NATS. */
export function onEveryBus(define: (bus: OnBus) => void): void {
  describe("in one process", () => {
    define({ test, newFleet: () => new Fleet(sharing(new LocalTransport())), local: true });
  });
  describe("over NATS", () => {
    let server: NatsServer | undefined;
    natsBeforeAll(async () => {
      server = await NatsServer.start();
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
    });
    const connect = (): Promise<Transport> => NatsTransport.connect({ servers: server?.url ?? "" });
    define({ test: natsTest, newFleet: () => new Fleet(connect), local: false });
  });
}

/** Without a server its tests are skipped, and there is nothing to start. */
const natsBeforeAll: typeof beforeAll = natsTest === test ? beforeAll : () => undefined;

/** Everybody gets the same object. */
function sharing(transport: Transport): () => Promise<Transport> {
  return () => Promise.resolve(transport);
}
