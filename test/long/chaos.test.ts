import { NatsTransport } from "eurus/nats";
import { expect } from "vitest";
import { ChaosFleet, eventually } from "../chaos/chaos-fleet.ts";
import { scale } from "../chaos/scale.ts";
import { natsTest } from "../support/nats-server.ts";

const { clients: count } = scale;

natsTest(
  "three instances are replaced one after the other under load: nobody is closed, and each loss of state is told [fault:S3]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const options = { onInstanceLost: "repin" } as const;
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(3, { options })]);
    await fleet.knows(gateway, instances);
    const clients = await fleet.pinned(count, gateway);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);
    const replaced = [...instances];

    for (const old of replaced) {
      instances.push(await fleet.instance({ options }));
      expect(await fleet.stop(old)).toBe(0);
      instances.splice(instances.indexOf(old), 1);
      await fleet.knows(gateway, instances);
      await load.flows(count);
    }
    await load.end();

    expect(load.closeCodes).toEqual(new Map());
    expect(load.errors.filter((code) => code !== "SERVICE_UNAVAILABLE")).toEqual([]);
    const notices = clients.flatMap((client) => client.notices);
    expect(new Set(notices)).toEqual(new Set(["SESSION_RESET"]));
    expect(gateway.of("unpinned")).toHaveLength(notices.length);
    await fleet.showsAsDocumented("Instances are replaced one after the other", {
      gateways: [gateway],
      services: replaced,
    });
    await fleet.judge(20_000);
  },
  180_000,
);

natsTest(
  "gateways are replaced one after the other under load: everything taken is answered, and clients come back [fault:W1]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const [instance, ...gateways] = await Promise.all([fleet.instance(), fleet.gateway(), fleet.gateway()]);
    for (const gateway of gateways) await fleet.knows(gateway, [instance]);
    const halves = await Promise.all(gateways.map((gateway) => fleet.pinned(count / 2, gateway)));
    const load = fleet.load(halves.flat(), gateways);
    await load.flows(count);

    for (const old of [...gateways]) {
      const replacement = await fleet.gateway();
      await fleet.knows(replacement, [instance]);
      gateways.push(replacement);
      gateways.splice(gateways.indexOf(old), 1);
      expect(await fleet.stop(old)).toBe(0);
      await load.flows(count);
    }
    await load.end();

    expect([...load.closeCodes.keys()]).toEqual([1001]);
    expect(load.errors.filter((code) => code !== "SHUTTING_DOWN")).toEqual([]);
    await fleet.judge(20_000);
  },
  180_000,
);

natsTest(
  "a server of two goes into lame-duck mode under load: everybody moves to the other, and no pin is lost [fault:N3]",
  async () => {
    const config = 'lame_duck_grace_period: "1s"\nlame_duck_duration: "30s"';
    await using fleet = await ChaosFleet.start(2, { config });
    const [gateway, instance] = await Promise.all([fleet.gateway(), fleet.instance()]);
    await fleet.knows(gateway, [instance]);
    const clients = await fleet.pinned(count, gateway);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    fleet.server.signal("SIGUSR2");
    const patiently = { timeout: 60_000, interval: 100 };
    for (const seen of [() => gateway.of("bus"), () => instance.of("bus")]) {
      await expect.poll(seen, patiently).toContainEqual({ type: "bus", status: "connected" });
    }
    await load.flows(count * 3);
    await load.end();

    expect(load.closeCodes).toEqual(new Map());
    expect(load.errors.filter((code) => !/^(SERVICE_UNAVAILABLE|DELIVERY_UNKNOWN)$/u.test(code))).toEqual([]);
    expect(gateway.of("unpinned")).toEqual([]);
    await fleet.showsAsDocumented("A server of a cluster retires", {
      gateways: [gateway],
      services: [instance],
    });
    await fleet.judge(20_000);
  },
  180_000,
);

natsTest(
  "NATS cuts a frozen gateway off as too slow, under load: it comes back, nothing is lost silently, and no pin is lost [fault:N4]",
  async () => {
    await using fleet = await ChaosFleet.start(1, { config: 'max_pending: 1MB\nwrite_deadline: "1s"' });
    const [gateway, instance] = await Promise.all([fleet.gateway(), fleet.instance()]);
    await fleet.knows(gateway, [instance]);
    const clients = await fleet.pinned(count, gateway);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    gateway.signal("SIGSTOP");
    // Our own windows are too small for that; a stranger has none.
    const stranger = await NatsTransport.connect({ servers: fleet.server.url });
    const flood = async (): Promise<string> => {
      for (let sent = 0; sent < 200; sent++)
        stranger.publish("eurus.v1.announce.svc.stranger.flood", new Uint8Array(60_000));
      await stranger.flush();
      return fleet.server.log;
    };
    await expect.poll(flood, eventually).toContain("Slow Consumer");
    await stranger.close();
    gateway.signal("SIGCONT");

    await gateway.tells({ type: "bus", status: "disconnected" });
    await gateway.tells({ type: "bus", status: "connected" });
    await load.flows(count * 3);
    await load.end();
    expect(load.closeCodes).toEqual(new Map());
    expect(gateway.of("link-lost")).toEqual([]);
    expect(instance.of("gateway-link-lost")).toEqual([]);
    await fleet.showsAsDocumented("NATS cuts a process off as too slow", { gateways: [gateway] });
    await fleet.judge(20_000);
  },
  180_000,
);
