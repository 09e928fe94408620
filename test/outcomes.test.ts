import { expect } from "vitest";
import { onEveryBus } from "./support/buses.ts";
import { jsonRouter } from "./support/fleet.ts";
import { expectSignals, Observer } from "./support/signals.ts";
import type { Router } from "velaros";

/** Handlers that wait until the test lets them go on. */
class Gate {
  readonly #waiting: (() => void)[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  readonly wait = (): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push(resolve);
    });

  open(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Answers `/who` with a name, and `/wait` with `done` once the gate is opened. */
function waiting(name: string, gate: Gate, opened: string[] = []): Router {
  return jsonRouter()
    .useOpen(() => {
      opened.push(name);
    })
    .publicBind("/who", (ctx) => ctx.reply(name))
    .publicBind("/wait", async (ctx) => {
      await gate.wait();
      await ctx.reply("done");
    });
}

onEveryBus(({ test, newFleet }) => {
  test("a crash settles what is in flight before it closes the client", async () => {
    const gate = new Gate();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const instance = await fleet.service("api", waiting("a", gate));
    const client = await fleet.client(edge);
    for (const id of ["1", "2"]) client.send({ id, path: "/wait" });
    await expect.poll(() => gate.count).toBe(2);

    instance.kill();
    client.send({ id: "3", path: "/who" });

    expect(await client.closed()).toEqual({ code: 1001, reason: "Service unreachable" });
    const codes = client.received.map(({ id, error }) => [id, error?.code, error?.details]);
    const unknown = { service: "api", taken: true };
    expect(codes.slice(0, 2)).toEqual([
      ["1", "DELIVERY_UNKNOWN", unknown],
      ["2", "DELIVERY_UNKNOWN", unknown],
    ]);
    expect(codes[2]?.[1]).toMatch(/^(SERVICE_UNAVAILABLE|DELIVERY_UNKNOWN)$/u);
    gate.open();
  });

  test("under repin the client stays, is told, and begins anew elsewhere", async () => {
    const gate = new Gate();
    const opened: string[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const first = await fleet.service("api", waiting("a", gate, opened), { onInstanceLost: "repin" });
    const client = await fleet.client(edge);
    await client.ask("/who");
    await fleet.service("api", waiting("b", gate, opened), { onInstanceLost: "repin" });
    client.send({ id: "1", path: "/wait" });
    await expect.poll(() => gate.count).toBe(1);

    first.kill();
    client.send({ path: "/who" });

    expect(await client.reply("1")).toMatchObject({ error: { code: "DELIVERY_UNKNOWN" } });
    expect(await client.find(({ error }) => error?.code === "SESSION_RESET")).toMatchObject({
      error: { details: { service: "api" } },
    });
    expect(await client.ask("/who")).toMatchObject({ data: { message: "b" } });
    expect(opened).toEqual(["a", "b"]);
    expect(client.ended).toBeUndefined();
    gate.open();
  });

  test("a planned stop finishes what runs, and sends new clients elsewhere", async () => {
    const gate = new Gate();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const first = await fleet.service("api", waiting("a", gate), { drainTimeoutMs: 10_000 });
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/wait" });
    await expect.poll(() => gate.count).toBe(1);
    await fleet.service("api", waiting("b", gate));

    const stopped = first.service.stop();
    await expect.poll(() => edge.gateway.services().some(({ draining }) => draining)).toBe(true);
    for (const other of await fleet.clients(edge, 3)) {
      expect(await other.ask("/who")).toMatchObject({ data: { message: "b" } });
    }
    expect(client.ended).toBeUndefined();
    gate.open();
    await stopped;

    expect(await client.closed()).toEqual({ code: 1001, reason: "Service is stopping" });
    expect(client.received).toMatchObject([{ id: "1", data: { message: "done" } }]);
  });

  test("a stop ends although handlers never do, and the close of their clients is the outcome", async () => {
    let running = 0;
    const router = jsonRouter().publicBind("/for-ever", () => {
      running++;
      return new Promise<void>(() => undefined);
    });
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { drainTimeoutMs: 200 } });
    const { service } = await fleet.service("api", router, { drainTimeoutMs: 200 });
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/for-ever" });
    await expect.poll(() => running).toBe(1);

    await service.stop();

    expect(await client.closed()).toEqual({ code: 1001, reason: "Service is stopping" });
    expect(client.received).toEqual([]);
    await service.start();
    const other = await fleet.client(edge);
    other.send({ id: "2", path: "/for-ever" });
    await expect.poll(() => running).toBe(2);

    await edge.gateway.stop();

    expect(await other.closed()).toEqual({ code: 1001, reason: "Gateway stopping" });
    expect(other.received).toEqual([]);
  });

  test("a planned stop does not wait for handlers that wait for their client", async () => {
    const ends: string[] = [];
    const router = jsonRouter()
      .publicBind("/ask", (ctx) =>
        ctx.request("?").catch((error: { code: string }) => {
          ends.push(error.code);
        }),
      )
      .publicBind("/receive", async (ctx) => {
        await ctx.receive();
        await ctx.receive().catch((error: { code: string }) => {
          ends.push(error.code);
        });
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.service("api", router, { drainTimeoutMs: 60_000 });
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/ask" });
    client.send({ id: "2", path: "/receive", data: 1 });
    await client.find(({ path }) => path === "/ask");

    await service.stop();

    expect(ends).toEqual(["VELAROS_SOCKET_CLOSED", "VELAROS_SOCKET_CLOSED"]);
    expect(await client.closed()).toEqual({ code: 1001, reason: "Service is stopping" });
  });

  test("a planned stop under repin keeps the client and its other services [fault:S9]", async () => {
    const gate = new Gate();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const first = await fleet.service("api", waiting("a", gate), { onInstanceLost: "repin" });
    await fleet.service(
      "other",
      jsonRouter()
        .publicBind("/login", (ctx) => {
          ctx.setOnSocket("user", "ada");
          return ctx.reply("in");
        })
        .publicBind("/user", (ctx) => ctx.reply(ctx.mustGetFromSocket<string>("user"))),
    );
    const client = await fleet.client(edge);
    await client.ask("/who");
    await client.ask("/login");
    await fleet.service("api", waiting("b", gate), { onInstanceLost: "repin" });

    await first.service.stop();

    expect(await client.find(({ error }) => error?.code === "SESSION_RESET")).toMatchObject({
      error: { details: { service: "api" } },
    });
    expect(await client.ask("/who")).toMatchObject({ data: { message: "b" } });
    expect(await client.ask("/user")).toMatchObject({ data: { message: "ada" } });
    expect(client.ended).toBeUndefined();
  });

  test("an instance that is full passes clients on, with everything they sent, in order", async () => {
    const seen: string[] = [];
    const numbered = (name: string): Router =>
      jsonRouter().publicBind("/n", (ctx) => {
        seen.push(`${name}${ctx.unmarshal<number>()}`);
        return ctx.reply(name);
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", numbered("a"), { maxSockets: 1 });
    const [first, second] = [await fleet.client(edge), await fleet.client(edge)];
    await first.ask("/n", 0);
    second.send({ id: "x", path: "/n", data: 0 });
    expect(await second.reply("x")).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
    await fleet.service("api", numbered("b"), { maxSockets: 1 });
    seen.length = 0;

    for (let number = 1; number <= 20; number++) second.send({ id: `${number}`, path: "/n", data: number });
    await second.reply("20");

    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `b${index + 1}`));
  });

  test("an instance that hangs before it accepts a client is not waited for", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { openTimeoutMs: 300 } });
    const instance = await fleet.service("api", waiting("a", new Gate()));
    instance.hang();
    const client = await fleet.client(edge);

    expect(await client.ask("/who")).toMatchObject({ error: { code: "DELIVERY_UNKNOWN" } });
    expect(edge.gateway.sockets()[0]?.pins).toEqual([]);
  });

  test("an instance that hangs is given up when its lease ends, and its clients are told", async () => {
    const beats = { heartbeatIntervalMs: 60 };
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { ...beats, instanceLeaseMs: 500 } });
    const gate = new Gate();
    const instance = await fleet.service("api", waiting("a", gate), beats);
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/wait" });
    await expect.poll(() => gate.count).toBe(1);

    instance.hang();

    expect(await client.closed()).toEqual({ code: 1001, reason: "Service unreachable" });
    expect(client.received).toMatchObject([{ id: "1", error: { code: "DELIVERY_UNKNOWN" } }]);
    expect(edge.events).toContainEqual(
      expect.objectContaining({ type: "instance-removed", cause: "lease-expired" }),
    );
    gate.open();
  });

  test("a client that a service has no room for is paused, then closed [fault:N5]", async () => {
    const gate = new Gate();
    const router = jsonRouter()
      .useOpen(gate.wait)
      .publicBind("/fill", () => undefined);
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { stallTimeoutMs: 1_000 } });
    const gateway = new Observer(edge.gateway);
    await fleet.service("api", router);
    const client = await fleet.client(edge);

    for (let count = 0; count < 40; count++) client.send({ path: "/fill", data: "x".repeat(64 * 1024) });
    await expect.poll(() => edge.gateway.sockets()[0]?.waiting).toBe(true);
    const meanwhile = [await gateway.scrape()];

    expect(await client.closed()).toEqual({ code: 1013, reason: "Service is not keeping up" });
    await expectSignals("A service has no room for a client that floods it", {
      clients: client.codes,
      gateways: [gateway],
      meanwhile,
    });
    gate.open();
  });

  test("an answer goes to the service that asked, also when ids are alike [weakness:W1]", async () => {
    const answers: unknown[] = [];
    const asking = (name: string): Router =>
      jsonRouter().publicBind(`/${name}`, async (ctx) => {
        answers.push([name, await ctx.request(name)]);
        await ctx.reply("thanks");
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    for (const name of ["one", "two"]) await fleet.service(name, asking(name));
    const client = await fleet.client(edge);

    client.send({ id: "same", path: "/one" });
    await client.find(({ path }) => path === "/one");
    client.send({ id: "same", path: "/two" });
    await client.find(({ path }) => path === "/two");
    client.send({ id: "same", data: "latest asked" });
    await expect.poll(() => answers.length).toBe(1);
    client.send({ id: "same", data: "first asked" });

    await expect
      .poll(() => answers)
      .toEqual([
        ["two", "latest asked"],
        ["one", "first asked"],
      ]);
  });

  test("an answer without data ends the question, in a handler and outside of it", async () => {
    const answers: unknown[] = [];
    const router = jsonRouter()
      .useOpen((ctx) => void ctx.socket.request("outside").then((answer) => answers.push(answer)))
      .publicBind("/ask", async (ctx) => {
        answers.push(await ctx.request("inside"));
        return "asked";
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("asking", router);
    const client = await fleet.client(edge);

    client.send({ id: "1", path: "/ask" });
    for (const question of ["outside", "inside"]) {
      const { id } = await client.find(({ data }) => JSON.stringify(data)?.includes(question) === true);
      client.send({ id });
    }

    await client.find(({ data }) => JSON.stringify(data)?.includes("asked") === true);
    await expect.poll(() => answers).toEqual([undefined, undefined]);
  });

  test("a follow-up without path reaches the handler that receives [weakness:W1]", async () => {
    const router = jsonRouter().publicBind("/sum", async (ctx) => {
      let sum = 0;
      for (let count = 0; count < 3; count++) sum += await ctx.receive<number>();
      await ctx.reply(sum);
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("sum", router);
    const client = await fleet.client(edge);

    client.send({ id: "1", path: "/sum", data: 1 });
    client.send({ id: "1", data: 2 });
    client.send({ id: "1", data: 3 });

    expect((await client.reply("1")).raw).toBe('{"id":"1","data":6}');
  });

  test("a stopping gateway lets what is in flight finish and takes nothing new [fault:C18]", async () => {
    const gate = new Gate();
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { drainTimeoutMs: 10_000 } });
    await fleet.service("api", waiting("a", gate));
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/wait" });
    await expect.poll(() => gate.count).toBe(1);

    const stopped = edge.gateway.stop();
    expect(await client.ask("/who")).toMatchObject({ error: { code: "SHUTTING_DOWN" } });
    gate.open();
    await stopped;

    expect(client.received.find(({ id }) => id === "1")).toMatchObject({ data: { message: "done" } });
    expect(await client.closed()).toEqual({ code: 1001, reason: "Gateway stopping" });
  });

  test("without any instance each client that sends no ids is told once", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.service("api", waiting("a", new Gate()));
    await service.stop();
    await expect.poll(() => edge.gateway.canServePath("/who")).toBe(false);
    const client = await fleet.client(edge);

    for (let count = 0; count < 5; count++) client.send({ path: "/who" });
    client.send({ id: "last", path: "/who" });
    await client.reply("last");

    expect(client.received.map(({ id, error }) => [id, error?.code])).toEqual([
      [undefined, "SERVICE_UNAVAILABLE"],
      ["last", "SERVICE_UNAVAILABLE"],
    ]);
  });

  test("starting and stopping under load loses no outcome [fault:S10]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const answer = (): Router => jsonRouter().publicBind("/who", (ctx) => ctx.reply("ok"));
    const options = { onInstanceLost: "repin" } as const;
    await fleet.service("api", answer(), options);
    const clients = await fleet.clients(edge, 5);
    let sent = 0;

    for (let round = 0; round < 5; round++) {
      const { service } = await fleet.service("api", answer(), options);
      for (const client of clients) {
        for (let count = 0; count < 20; count++) client.send({ id: `${sent++}`, path: "/who" });
      }
      await service.stop();
    }

    const outcomes = (): string[] =>
      clients.flatMap(({ received }) => received.flatMap(({ id }) => (id === undefined ? [] : [id])));
    await expect.poll(() => outcomes().length).toBe(sent);
    expect(new Set(outcomes()).size).toBe(sent);
  });
});
