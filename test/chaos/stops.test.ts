import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import { ChaosFleet, eventually } from "./chaos-fleet.ts";
import { scale } from "./scale.ts";

const { clients: count } = scale;

natsTest(
  "an instance is asked to stop under load: it finishes, exits cleanly, and its clients go on elsewhere [fault:S3 fault:S10]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const [gateway, first] = await Promise.all([fleet.gateway(), fleet.instance()]);
    await fleet.knows(gateway, [first]);
    const [patient, ...clients] = await fleet.pinned(count + 1, gateway);
    const second = await fleet.instance();
    await fleet.knows(gateway, [first, second]);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    // Something that it has to finish first, so that it can be watched while it drains.
    const lastAnswer = patient?.ask({ takesMs: 1_000 });
    const begun = (): unknown[] =>
      fleet.history.events.filter((event) => event.type === "handled" && event.socket === patient?.name);
    await expect.poll(begun, eventually).toHaveLength(2);
    const stopped = fleet.stop(first);
    await gateway.tells({ type: "instance-draining", instanceId: first.id });
    const meanwhile = [await gateway.scrape()];
    expect(await stopped).toBe(0);
    expect(await lastAnswer).toBe("ok");

    await load.flows(count);
    await load.end();
    expect(load.closeCodes).toEqual(new Map([[1001, count]]));
    expect(first.of("draining")).toHaveLength(1);
    await gateway.tells({ type: "instance-removed", instanceId: first.id, cause: "goodbye" });
    expect(load.errors.filter((code) => code !== "SERVICE_UNAVAILABLE")).toEqual([]);
    await fleet.showsAsDocumented("An instance is asked to stop", {
      gateways: [gateway],
      services: [first],
      meanwhile,
    });
    await fleet.judge(10_000);
  },
  120_000,
);

natsTest(
  "a gateway is asked to stop under load: what it took is answered, clients are told, and the process exits cleanly [fault:W1 fault:C18]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const [leaving, staying, instance] = await Promise.all([
      fleet.gateway(),
      fleet.gateway(),
      fleet.instance(),
    ]);
    await fleet.knows(leaving, [instance]);
    await fleet.knows(staying, [instance]);
    const clients = await fleet.pinned(count, leaving);
    const load = fleet.load(clients, [staying]);
    await load.flows(count);

    expect(await fleet.stop(leaving)).toBe(0);

    await load.flows(count);
    await load.end();
    expect(load.closeCodes).toEqual(new Map([[1001, count]]));
    expect(load.errors.filter((code) => code !== "SHUTTING_DOWN")).toEqual([]);
    await instance.tells({ type: "gateway-removed", gatewayId: leaving.id, cause: "goodbye" });
    const closes = leaving.of("socket-closed");
    expect(new Set(closes.map(({ status, reason }) => `${status} ${reason}`))).toEqual(
      new Set(["1001 Gateway stopping"]),
    );
    // Who connects meanwhile, and what a process that has ended counted, is shown where it runs in the test.
    await fleet.showsAsDocumented("A gateway is asked to stop", {
      gateways: [leaving],
      services: [instance],
      except: ["eurus_connections_closed_total", "eurus_connections_refused_total"],
    });
    await fleet.judge(10_000);
  },
  120_000,
);
