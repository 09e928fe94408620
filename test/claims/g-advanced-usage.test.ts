import { expect } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import { JsonClient } from "../support/json-client.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  test("open and close hooks at the gateway run once per connection and share its storage [claim:74 claim:75 claim:76]", async () => {
    const hooks: string[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (router) =>
        router
          .useOpen((ctx) => {
            ctx.setOnSocket("connectedAt", 1_000);
            hooks.push("open");
            return ctx.next();
          })
          .useOpen(() => {
            hooks.push("open without next");
          })
          .useClose((ctx) => {
            hooks.push(`close after ${1_500 - ctx.mustGetFromSocket<number>("connectedAt")} ms`);
          }),
    });
    await fleet.service(
      "echo",
      jsonRouter().publicBind("/echo", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);

    for (let count = 0; count < 20; count++) await client.ask("/echo");
    client.webSocket.close(1000);
    await client.closed();
    await expect.poll(() => edge.gateway.sockets().length).toBe(0);

    expect(hooks).toEqual(["open", "open without next", "close after 500 ms"]);
  });

  test("a service's close hook runs once, with what the client said [claim:77 weakness:W11 weakness:W13]", async () => {
    const closes: unknown[] = [];
    const router = jsonRouter()
      .publicBind("/echo", (ctx) => ctx.reply("ok"))
      .useClose((ctx) => {
        closes.push({ id: ctx.socketId, ...ctx.closeStatus() });
      });
    const bystanderCloses: unknown[] = [];
    const bystander = jsonRouter()
      .publicBind("/other", (ctx) => ctx.reply("ok"))
      .useClose(() => {
        bystanderCloses.push(1);
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("echo", router);
    await fleet.service("bystander", bystander);
    const client = await fleet.client(edge);
    await client.ask("/echo");
    const id = edge.gateway.sockets()[0]?.id;

    client.webSocket.close(4321, "enough");

    await expect.poll(() => closes).toEqual([{ id, status: 4321, reason: "enough", source: "client" }]);
    expect(bystanderCloses).toEqual([]);
  });

  test("a vanished client closes its virtual sockets with 1006 [claim:113 weakness:W31]", async () => {
    const closes: unknown[] = [];
    const router = jsonRouter()
      .publicBind("/echo", (ctx) => ctx.reply("ok"))
      .useClose((ctx) => {
        closes.push(ctx.closeStatus());
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("echo", router);
    const client = await fleet.client(edge);
    await client.ask("/echo");

    client.webSocket.terminate();

    await expect.poll(() => closes).toEqual([{ status: 1006, reason: "", source: "client" }]);
    await expect.poll(() => edge.gateway.sockets()).toEqual([]);
  });

  test("a service asks its client, who answers with the id alone [claim:78 claim:79 claim:80 claim:85 weakness:W1]", async () => {
    const loads: number[] = [];
    const router = jsonRouter().publicBind("/monitor/start", async (ctx) => {
      for (let round = 0; round < 10; round++) {
        const { cpu } = await ctx.request<{ cpu: number }>({ timestamp: round });
        loads.push(cpu);
      }
      await ctx.reply("done");
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("monitor", router);
    const bare = await router.listen({ port: 0, path: "/ws" });
    await using direct = await JsonClient.connect(bare.url);
    const clients = [...(await fleet.clients(edge, 3)), direct];

    for (const [index, client] of clients.entries()) {
      client.webSocket.on("message", (bytes: Buffer) => {
        const message = JSON.parse(bytes.toString());
        if (message.path !== "/monitor/start") return;
        client.send({ id: message.id, data: { cpu: index * 100 + message.data.timestamp } });
      });
      client.send({ id: `start-${index}`, path: "/monitor/start" });
    }
    for (const client of clients) {
      await client.find((message) => (message.data as { message?: string } | undefined)?.message === "done");
    }

    const expected = clients.flatMap((_, index) =>
      Array.from({ length: 10 }, (__, round) => index * 100 + round),
    );
    expect(loads.toSorted((one, other) => one - other)).toEqual(expected);
    await bare.close({ graceMs: 0 });
  });

  test("a request without an id of the client's is answered by its own id [claim:80 weakness:W1]", async () => {
    const answers: unknown[] = [];
    const router = jsonRouter().publicBind("/start", async (ctx) => {
      answers.push(await ctx.request("what?"));
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("asker", router);
    const client = await fleet.client(edge);

    client.send({ path: "/start" });
    const question = await client.find((message) => message.path === "/start");
    client.send({ id: question.id, data: 42 });

    await expect.poll(() => answers).toEqual([42]);
  });

  test("a pending request ends with its client, and so does the handler's signal [claim:81 claim:82]", async () => {
    const ends: string[] = [];
    const router = jsonRouter()
      .publicBind("/ask", (ctx) =>
        ctx.request("?").catch((error: { code: string }) => {
          ends.push(error.code);
        }),
      )
      .publicBind("/loop", async (ctx) => {
        await ctx.done;
        ends.push("loop");
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("asker", router);
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/ask" });
    client.send({ id: "2", path: "/loop" });
    await client.find((message) => message.path === "/ask");

    client.webSocket.close();

    await expect.poll(() => ends.toSorted()).toEqual(["VELAROS_SOCKET_CLOSED", "loop"]);
  });

  test("a request that nobody answers times out, and the handler goes on [claim:83]", async () => {
    const router = jsonRouter().publicBind("/ask", async (ctx) => {
      const error: unknown = await ctx.request("?", { timeoutMs: 30 }).catch((failure: unknown) => failure);
      await ctx.reply((error as { code: string }).code);
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("asker", router);
    const client = await fleet.client(edge);

    client.send({ id: "1", path: "/ask" });

    expect(await client.find((message) => message.path === undefined)).toMatchObject({
      data: { message: "VELAROS_REQUEST_TIMEOUT" },
    });
  });

  test("a long-running handler blocks nobody [claim:84]", async () => {
    const router = jsonRouter()
      .publicBind("/monitor", (ctx) => ctx.done)
      .publicBind("/chat/message", (ctx) => ctx.reply("sent"));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("both", router);
    const client = await fleet.client(edge);

    client.send({ id: "m", path: "/monitor" });

    expect(await client.ask("/chat/message")).toMatchObject({ data: { message: "sent" } });
  });

  test("a close by a service reaches the client, the gateway and the client's other services [claim:86 weakness:W13]", async () => {
    const closes: [string, unknown][] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (router) =>
        router.useClose((ctx) => {
          closes.push(["gateway", ctx.closeStatus()]);
        }),
    });
    const closer = jsonRouter()
      .publicBind("/bye", (ctx) => ctx.closeWithStatus(4001, "bye"))
      .useClose((ctx) => {
        closes.push(["closer", ctx.closeStatus()]);
      });
    const other = jsonRouter()
      .publicBind("/hi", (ctx) => ctx.reply("hi"))
      .useClose((ctx) => {
        closes.push(["other", ctx.closeStatus()]);
      });
    await fleet.service("closer", closer);
    await fleet.service("other", other);
    const client = await fleet.client(edge);
    await client.ask("/hi");

    client.send({ path: "/bye" });

    expect(await client.closed()).toEqual({ code: 4001, reason: "bye" });
    const status = { status: 4001, reason: "bye", source: "server" };
    await expect.poll(() => closes).toHaveLength(3);
    expect(Object.fromEntries(closes)).toEqual({ gateway: status, closer: status, other: status });
  });

  test("a close by the gateway's router reaches the services as it was", async () => {
    const closes: unknown[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (router) => router.bind("/leave", (ctx) => ctx.closeWithStatus(4002, "left")),
    });
    const router = jsonRouter()
      .publicBind("/hi", (ctx) => ctx.reply("hi"))
      .useClose((ctx) => {
        closes.push(ctx.closeStatus());
      });
    await fleet.service("hi", router);
    const client = await fleet.client(edge);
    await client.ask("/hi");

    client.send({ path: "/leave" });

    expect(await client.closed()).toEqual({ code: 4002, reason: "left" });
    await expect.poll(() => closes).toEqual([{ status: 4002, reason: "left", source: "server" }]);
  });

  test("stopping the gateway closes its clients and informs the services [claim:122 weakness:W18]", async () => {
    const closes: unknown[] = [];
    const router = jsonRouter()
      .publicBind("/hi", (ctx) => ctx.reply("hi"))
      .useClose((ctx) => {
        closes.push(ctx.closeStatus());
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("hi", router);
    const clients = await fleet.clients(edge, 5);
    for (const client of clients) await client.ask("/hi");

    await edge.gateway.stop();

    for (const client of clients)
      expect(await client.closed()).toEqual({ code: 1001, reason: "Gateway stopping" });
    const status = { status: 1001, reason: "Gateway stopping", source: "server" };
    await expect.poll(() => closes).toEqual(clients.map(() => status));
    await edge.gateway.start();
    expect(await (await fleet.client(edge)).ask("/hi")).toMatchObject({ data: { message: "hi" } });
  });
});
