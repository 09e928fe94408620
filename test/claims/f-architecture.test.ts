import { expect } from "vitest";
import type { Edge, Fleet } from "../support/fleet.ts";
import { jsonRouter } from "../support/fleet.ts";
import type { JsonClient } from "../support/json-client.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  /** Connects and pins `count` clients; returns them by the instance that serves them. */
  async function pinned(fleet: Fleet, edge: Edge, count: number): Promise<Map<string, JsonClient[]>> {
    const byInstance = new Map<string, JsonClient[]>();
    for (const client of await fleet.clients(edge, count)) {
      const { data } = await client.ask("/who");
      const { message } = data as { message: string };
      byInstance.set(message, [...(byInstance.get(message) ?? []), client]);
    }
    return byInstance;
  }

  function named(name: string): ReturnType<typeof jsonRouter> {
    return jsonRouter().publicBind("/who", (ctx) => ctx.reply(name));
  }

  test("a message finds its way in eight steps [claim:59 claim:60 claim:74]", async () => {
    const steps: string[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (router) =>
        router
          .useOpen(() => {
            steps.push("connected");
          })
          .use((ctx) => {
            steps.push(`decoded ${ctx.path}`);
            return ctx.next();
          }),
    });
    edge.gateway.onEvent((event) => {
      if (event.type === "pinned" || event.type === "routed") steps.push(event.type);
    });
    const router = jsonRouter()
      .useOpen(() => {
        steps.push("opened in the service");
      })
      .publicBind("/chat/join", (ctx) => {
        steps.push("handled");
        return ctx.reply("joined");
      });
    await fleet.service("chat", router);
    const client = await fleet.client(edge);
    await expect.poll(() => steps).toEqual(["connected"]);

    await client.ask("/chat/join");
    await client.ask("/chat/join");

    expect(steps).toEqual([
      "connected",
      "decoded /chat/join",
      "pinned",
      "routed",
      "opened in the service",
      "handled",
      "decoded /chat/join",
      "routed",
      "handled",
    ]);
  });

  test("with 5, 3 and 4 clients the next one goes to the second instance [claim:61]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name));
    const clients = await pinned(fleet, edge, 15);
    const leave = (name: string, count: number): Promise<unknown> =>
      Promise.all((clients.get(name) ?? []).slice(0, count).map((client) => client[Symbol.asyncDispose]()));

    await leave("b", 2);
    await leave("c", 1);
    await expect.poll(() => edge.gateway.sockets().length).toBe(12);

    expect([...(await pinned(fleet, edge, 1)).keys()]).toEqual(["b"]);
  });

  test("an instance whose clients left takes the next ones until it is level [claim:62]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name));
    const clients = await pinned(fleet, edge, 12);

    await Promise.all((clients.get("a") ?? []).map((client) => client[Symbol.asyncDispose]()));
    await expect.poll(() => edge.gateway.sockets().length).toBe(8);

    expect([...(await pinned(fleet, edge, 4)).keys()]).toEqual(["a"]);
  });

  test("services are reachable through the gateways they name, and no other [claim:63 claim:64 claim:65 claim:66]", async () => {
    let adminRuns = 0;
    await using fleet = newFleet();
    const [inside, outside] = [
      await fleet.edge({ name: "internal-gateway" }),
      await fleet.edge({ name: "public-gateway" }),
    ];
    await fleet.service(
      "api",
      jsonRouter().publicBind("/api", () => undefined),
      { gatewayNames: ["public-gateway"] },
    );
    const admin = jsonRouter().publicBind("/admin", () => {
      adminRuns++;
    });
    await fleet.service("admin", admin, { gatewayNames: ["internal-gateway"] });
    await fleet.service(
      "shared",
      jsonRouter().publicBind("/shared", () => undefined),
    );

    const served = (edge: Edge): string[] =>
      ["/api", "/admin", "/shared"].filter((path) => edge.gateway.canServePath(path));
    expect(served(inside)).toEqual(["/admin", "/shared"]);
    expect(served(outside)).toEqual(["/api", "/shared"]);
    const client = await fleet.client(outside);
    expect(await client.ask("/admin")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(adminRuns).toBe(0);
  });

  test("a crashed instance takes all of its clients along, and only these [claim:67 weakness:W6]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const first = await fleet.service("who", named("a"));
    await fleet.service("who", named("b"));
    const clients = await pinned(fleet, edge, 6);
    const [probe, ...others] = clients.get("a") ?? [];

    first.kill();
    // Until the bus knows of the crash, nobody can be sure what became of a message that is sent there.
    await first.service.transport.flush();
    probe?.send({ id: "x", path: "/who" });

    for (const client of clients.get("a") ?? []) {
      expect(await client.closed()).toEqual({ code: 1001, reason: "Service unreachable" });
    }
    expect(others).toHaveLength(2);
    expect(probe?.received.at(-1)).toMatchObject({ id: "x", error: { code: "SERVICE_UNAVAILABLE" } });
    expect(edge.gateway.services().map(({ id }) => id)).not.toContain(first.service.id);
    for (const client of clients.get("b") ?? [])
      expect(await client.ask("/who")).toMatchObject({ data: { message: "b" } });
  });

  test("a client that meets a crashed instance first is served by another one [claim:68]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const first = await fleet.service("who", named("a"));
    await fleet.service("who", named("b"));

    first.kill();
    // Until the bus knows of the crash, what is sent there is lost, and its client told that nobody knows more.
    await first.service.transport.flush();
    const clients = await pinned(fleet, edge, 8);

    expect([...clients.keys()]).toEqual(["b"]);
    for (const client of clients.get("b") ?? []) expect(client.ended).toBeUndefined();
  });

  test("virtual sockets of a crashed gateway are closed, its clients served by another one [claim:69 weakness:W12]", async () => {
    const closes: unknown[] = [];
    const router = named("a").useClose((ctx) => {
      closes.push(ctx.closeStatus());
    });
    await using fleet = newFleet();
    const options = { heartbeatIntervalMs: 50 };
    const [one, two] = [
      await fleet.edge({ name: "one", options }),
      await fleet.edge({ name: "two", options }),
    ];
    await fleet.service("who", router, { ...options, gatewayLeaseMs: 500 });
    await (await fleet.client(one)).ask("/who");

    one.kill();
    const again = await fleet.client(two);

    expect(await again.ask("/who")).toMatchObject({ data: { message: "a" } });
    await expect
      .poll(() => closes, { timeout: 8_000 })
      .toEqual([{ status: 1001, reason: "No heartbeat response", source: "server" }]);
  });

  test("a health check removes a service, and its new start brings it back [claim:71]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const healthy = await fleet.service("who", named("a"));
    const closes: unknown[] = [];
    const old = jsonRouter()
      .publicBind("/old", (ctx) => ctx.reply("old"))
      .useClose((ctx) => {
        closes.push(ctx.closeStatus());
      });
    const hung = await fleet.service("old", old);
    const client = await fleet.client(edge);
    await client.ask("/old");

    expect(await edge.gateway.pingService(healthy.service)).toBe(true);
    expect(await edge.gateway.pingService(hung.service.id)).toBe(true);
    expect(await edge.gateway.pingService("nobody", { timeoutMs: 50 })).toBe(false);
    expect(edge.gateway.removeService(hung.service)).toBe(true);
    expect(edge.gateway.removeService(hung.service)).toBe(false);

    expect(edge.gateway.canServePath("/old")).toBe(false);
    expect(edge.gateway.canServePath("/who")).toBe(true);
    expect(await client.closed()).toEqual({ code: 1001, reason: "Service unreachable" });
    await expect
      .poll(() => closes)
      .toEqual([{ status: 1001, reason: "Service unreachable", source: "server" }]);
    await hung.service.stop();
    await hung.service.start();
    expect(edge.gateway.canServePath("/old")).toBe(true);
  });

  test("an idle fleet loses nobody [claim:72 weakness:W2 weakness:W17]", async () => {
    const heartbeat = { heartbeatIntervalMs: 60 };
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { ...heartbeat, instanceLeaseMs: 500 } });
    const options = { ...heartbeat, gatewayLeaseMs: 500 };
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name), options);
    const clients = await pinned(fleet, edge, 3);

    let heartbeats = 0;
    const bus = await fleet.connect();
    bus.subscribe("eurus.v1.announce.>", () => heartbeats++);
    // Three instances and a gateway, for three times as long as their leases.
    await expect.poll(() => heartbeats, { timeout: 10_000 }).toBeGreaterThan(4 * 25);

    expect(edge.gateway.services()).toHaveLength(3);
    for (const [name, [client]] of clients)
      expect(await client?.ask("/who")).toMatchObject({ data: { message: name } });
    expect(edge.events.filter((event) => event.type === "instance-removed")).toEqual([]);
  });

  test("a service survives that all its clients leave [claim:73]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("who", named("a"));
    await (
      await pinned(fleet, edge, 3)
    )
      .get("a")
      ?.reduce((previous, client) => previous.then(() => client[Symbol.asyncDispose]()), Promise.resolve());
    await expect.poll(() => edge.gateway.sockets().length).toBe(0);

    expect((await pinned(fleet, edge, 1)).size).toBe(1);
  });
});
