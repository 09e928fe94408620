import { expect } from "vitest";
import { NatsTransport } from "eurus/nats";
import { RawClient } from "../support/raw-client.ts";
import { natsTest } from "../support/nats-server.ts";
import { eventually, ProcessFleet, whoServes } from "./process-fleet.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;
const mebibyte = 1024 * 1024;

natsTest(
  "a mebibyte each way arrives unchanged, and over the limit the client is closed [claim:102 claim:103 fault:N7]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instance] = await Promise.all([
      fleet.gateway({ listen: { maxMessageBytes: 4 * mebibyte } }),
      fleet.instance(),
    ]);
    await gateway.knows([instance]);
    const client = await fleet.client(gateway);

    for (const size of [mebibyte, mebibyte + 1, 3 * mebibyte]) {
      const large = "0123456789abcdef".repeat(size / 16 + 1).slice(0, size);
      const { data } = await client.ask("/echo", { large });
      expect((data as { readonly large: string }).large === large).toBe(true);
    }
    client.send({ path: "/echo", data: "x".repeat(4 * mebibyte) });

    expect((await client.closed()).code).toBe(1009);
    await expect.poll(() => instance.closes(), eventually).toMatchObject([{ status: 1009 }]);
  },
);

natsTest(
  "numbered messages arrive in order while another client pours large binary messages and a third does not read [claim:104 claim:112 weakness:W8 weakness:W9]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const size = (isLong ? 16 : 2) * mebibyte;
    const [gateway, ...instances] = await Promise.all([
      fleet.gateway({
        listen: { maxMessageBytes: size + 1_024, messagesPerSecond: 1e9, stallTimeoutMs: 60_000 },
      }),
      ...["count", "sink", "source"].map((name) => fleet.instance({ name, prefix: `/${name}` })),
    ]);
    await gateway.knows(instances);
    const [counting, pouring] = await fleet.clients(gateway, 2);
    if (counting === undefined || pouring === undefined) throw new Error("no clients");

    // Asks for a flood and never reads a byte of it.
    using deaf = await RawClient.open(Number(new URL(gateway.url).port), false, "/ws");
    deaf.socket.pause();
    deaf.text(JSON.stringify({ path: "/source/pour" }));
    const large = Buffer.from(JSON.stringify({ id: "large", path: "/sink/size", data: "x".repeat(size) }));
    let poured = 0;
    const pour = (): void => pouring.webSocket.send(large, { binary: true });
    pouring.webSocket.on("message", () => {
      poured++;
      pour();
    });
    pour();
    await expect.poll(() => poured, eventually).toBeGreaterThan(0);
    const pouredBefore = poured;

    for (let number = 0; number < 500; number++) {
      counting.send({ id: `n${number}`, path: "/count/count", data: number });
    }
    await counting.reply("n499");
    await expect.poll(() => poured, eventually).toBeGreaterThan(pouredBefore);

    const numbers = Array.from({ length: 500 }, (_, index) => index);
    expect(counting.received.map(({ data }) => data)).toEqual(numbers);
    const [counter] = instances;
    expect(await counter?.counted()).toEqual([numbers]);
    expect(
      pouring.received.every(({ data, binary }) => binary && (data as { bytes: number }).bytes === size + 2),
    ).toBe(true);
    expect(deaf.frames).toEqual([]);
    expect(await gateway.sockets()).toHaveLength(3);
  },
);

natsTest("garbage among the announcements is reported and harms nobody [claim:110 weakness:W7]", async () => {
  await using fleet = await ProcessFleet.start();
  const [gateway, instance] = await Promise.all([fleet.gateway(), fleet.instance()]);
  await gateway.knows([instance]);
  const client = await fleet.client(gateway);
  const stranger = await NatsTransport.connect({ servers: fleet.server.url });
  const garbage = [
    Uint8Array.of(0xc1),
    Uint8Array.of(1),
    Buffer.from("{}"),
    Buffer.from("null"),
    Buffer.from('{"name":"x","routes":[null]}'),
    Buffer.alloc(100_000, 0xff),
    Buffer.alloc(64, 0x92),
  ];

  for (const [index, payload] of garbage.entries()) {
    for (const kind of ["svc", "gw"]) {
      stranger.publish(`eurus.v1.announce.${kind}.evil.x${index}`, payload);
      stranger.publish(`eurus.v1.announce.${kind}.who.${instance.id}`, payload);
      stranger.publish(`eurus.v1.announce.${kind}`, payload);
      stranger.publish(`eurus.v1.announce.${kind}.a.b.c`, payload);
    }
  }
  await stranger.flush();
  await stranger.close();

  const refusals = async (events: Promise<readonly { readonly type: string }[]>): Promise<number> =>
    (await events).filter(({ type }) => type === "announcement-refused").length;
  await expect.poll(() => refusals(gateway.events()), eventually).toBeGreaterThan(0);
  await expect.poll(() => refusals(instance.events()), eventually).toBeGreaterThan(0);
  expect(await whoServes(client)).toBe(instance.id);
  expect(await gateway.services()).toHaveLength(1);
  expect(await whoServes(await fleet.client(gateway))).toBe(instance.id);
});

natsTest(
  "state stored at a join is there after many messages and many heartbeats [claim:131 claim:72]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const options = { heartbeatIntervalMs: 200 };
    const [gateway, instances] = await Promise.all([
      fleet.gateway({
        options: { ...options, instanceLeaseMs: isLong ? 5_000 : 1_500 },
        listen: { messagesPerSecond: 1e9 },
      }),
      fleet.instances(2, { options: { ...options, gatewayLeaseMs: 2_500 } }),
    ]);
    await gateway.knows(instances);
    const client = await fleet.client(gateway);
    await client.ask("/remember", "Alice");

    for (let number = 0; number < 1_000; number++)
      client.send({ id: `${number}`, path: "/count", data: number });
    await client.reply("999");
    // Nothing but time may pass here: several lengths of every lease, and dozens of heartbeats.
    const idleSince = performance.now();
    const idleMs = isLong ? 120_000 : 6_000;
    await expect
      .poll(() => performance.now() - idleSince, { timeout: 2 * idleMs, interval: 100 })
      .toBeGreaterThan(idleMs);

    expect(await client.ask("/recall")).toMatchObject({ data: { remembered: "Alice" } });
    expect(await gateway.services()).toHaveLength(2);
    expect((await gateway.events()).filter(({ type }) => type === "instance-removed")).toEqual([]);
    expect(client.ended).toBeUndefined();
  },
  isLong ? 300_000 : 20_000,
);
