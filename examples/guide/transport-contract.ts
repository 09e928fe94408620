// The contract of transports, run against one of your own.
import type { Transport } from "eurus";
import { transportContract } from "eurus/testing";
import { test } from "vitest"; // or node:test, or any other

/** Whatever carries your packets. */
interface Broker {
  connect(): Promise<Transport>;
  stop(): Promise<void>;
}

export function proveTransport(startBroker: () => Promise<Broker>): void {
  for (const { name, run } of transportContract({
    bus: async () => {
      const broker = await startBroker();
      return {
        connect: () => broker.connect(), // twice per case, as two processes would
        dispose: () => broker.stop(),
      };
    },
  })) {
    test(`my transport: ${name}`, run);
  }
}
