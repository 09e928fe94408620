import { expect } from "vitest";
import { eventually, ProcessFleet } from "../nats/process-fleet.ts";
import type { GatewayProcess, InstanceProcess } from "../nats/process-fleet.ts";
import { natsTest } from "../support/nats-server.ts";

const mebibyte = 1024 * 1024;
const clientCount = 20;
/** What a client may claim at the most in one process: a message each way, and what waits for it. */
const claimBytes = 6 * mebibyte;
/** Garbage that was not collected yet, code that was compiled meanwhile. */
const noiseBytes = 100 * mebibyte;

/** By how much the memory of each process has grown at the most while something went on. */
async function growth(
  processes: readonly (GatewayProcess | InstanceProcess)[],
  during: () => Promise<void>,
): Promise<readonly number[]> {
  const look = (): Promise<number[]> =>
    Promise.all(processes.map(({ program }) => program.ask<number>("memoryBytes")));
  const before = await look();
  let highest = before;
  let isOver = false;
  const done = during().finally(() => (isOver = true));
  while (!isOver) highest = (await look()).map((bytes, index) => Math.max(bytes, highest[index] ?? 0));
  await done;
  return highest.map((bytes, index) => bytes - (before[index] ?? 0));
}

natsTest(
  "clients that do not read what a service pours into them claim little memory, are closed, and hold up nobody [fault:C6 fault:S7]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instance] = await Promise.all([
      fleet.gateway({ listen: { stallTimeoutMs: 2_000 } }),
      fleet.instance(),
    ]);
    await gateway.knows([instance]);
    const [quick, ...slow] = await fleet.clients(gateway, clientCount + 1);

    // A hundred mebibytes for each of them.
    const pour = async (): Promise<void> => {
      for (const client of slow) client.send({ path: "/pour" });
      for (const client of slow) client.webSocket.pause();
      expect(await quick?.ask("/who")).toMatchObject({ data: { id: instance.id } });
      await expect.poll(async () => (await gateway.sockets()).length, eventually).toBe(1);
    };

    for (const bytes of await growth([gateway, instance], pour)) {
      expect(bytes).toBeLessThan(clientCount * claimBytes + noiseBytes);
    }
    const closed = (await gateway.events()).filter((event) => event.type === "socket-closed");
    expect(closed.map((event) => event.type === "socket-closed" && event.status)).toEqual(
      slow.map(() => 1013),
    );
    for (const client of slow) client.webSocket.resume();
    expect(await quick?.ask("/who")).toMatchObject({ data: { id: instance.id } });
  },
  60_000,
);

natsTest(
  "clients that flood handlers which do not come to an end claim little memory, are closed, and hold up nobody [fault:N5]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instance] = await Promise.all([
      fleet.gateway({ options: { stallTimeoutMs: 2_000 } }),
      fleet.instance(),
    ]);
    await gateway.knows([instance]);
    const [quick, ...flooding] = await fleet.clients(gateway, clientCount + 1);

    // Twenty mebibytes from each of them. The service holds what 64 handlers of each work on.
    const data = "x".repeat(mebibyte / 32);
    const flood = async (): Promise<void> => {
      for (const client of flooding) {
        for (let number = 1; number <= 640; number++)
          client.send({ id: String(number), path: "/wait", data });
      }
      expect(await quick?.ask("/who")).toMatchObject({ data: { id: instance.id } });
      await expect.poll(async () => (await gateway.sockets()).length, eventually).toBe(1);
    };

    for (const bytes of await growth([gateway, instance], flood)) {
      expect(bytes).toBeLessThan(clientCount * claimBytes + noiseBytes);
    }
    for (const client of flooding) expect(await client.closed()).toMatchObject({ code: 1013 });
    expect(await quick?.ask("/who")).toMatchObject({ data: { id: instance.id } });
  },
  60_000,
);
