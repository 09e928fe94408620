import { EurusError, Gateway } from "eurus";
import { LocalTransport } from "eurus/local";
import { expect, test } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import { onEveryBus } from "../support/buses.ts";
import { KillableTransport } from "../support/killable-transport.ts";

test("construction says what is missing", () => {
  expect(() => new Gateway("a b", new LocalTransport())).toThrowErrorMatchingInlineSnapshot(
    `[EurusError: Gateway name "a b" can't be part of a subject. Use 1 to 64 of the characters A-Z a-z 0-9 _ and -.]`,
  );
  // @ts-expect-error a transport is required
  expect(() => new Gateway("api-gateway")).toThrow(EurusError);
  expect(
    () => new Gateway("g", new LocalTransport(), { retryAfterMs: -1 }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[EurusError: Option retryAfterMs is -1, but must be a number of at least 0.]`,
  );
});

test("a start that fails leaves nothing bound", async () => {
  const bus = new LocalTransport();
  await bus.close();
  const transport = new KillableTransport(bus);
  const gateway = new Gateway("api-gateway", transport);

  const error: unknown = await gateway.start().catch((failure: unknown) => failure);

  expect(EurusError.is(error, "EURUS_START_FAILED")).toBe(true);
  expect(transport.bindings).toBe(0);
  await expect(gateway.start()).rejects.toMatchObject({ code: "EURUS_START_FAILED" });
});

onEveryBus(({ test, newFleet }) => {
  test("a gateway starts once, stops any number of times, and starts again [claim:42 weakness:W18]", async () => {
    await using fleet = newFleet();
    const transport = await fleet.connect();
    const gateway = new Gateway("api-gateway", transport);

    await gateway.stop();
    await gateway.start();
    await expect(gateway.start()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[EurusError: Gateway "api-gateway" can't start because it is running. Wait for stop() before starting again.]`,
    );
    await gateway.stop();
    await gateway.stop();
    await gateway.start();
    await gateway.stop();
    expect(transport.bindings).toBe(0);
  });

  test("gateways of one name serve the same services [claim:43 claim:44]", async () => {
    await using fleet = newFleet();
    const edges = [await fleet.edge({ name: "api-gateway" }), await fleet.edge({ name: "api-gateway" })];
    await fleet.service(
      "api",
      jsonRouter().publicBind("/api", (ctx) => ctx.reply("ok")),
    );

    for (const edge of edges) {
      const client = await fleet.client(edge);
      expect(await client.ask("/api")).toMatchObject({ data: { message: "ok" } });
    }
  });

  test("middleware in front of a gateway can ask it whether some service would get the message", async () => {
    const answers: [path: string, canHandle: boolean][] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (router) =>
        router.use((ctx) => {
          answers.push([ctx.path, edge.gateway.canHandle(ctx)]);
          return ctx.next();
        }),
    });
    await fleet.service(
      "api",
      jsonRouter().publicBind("/api", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);
    await client.ask("/api");
    await client.ask("/elsewhere");

    expect(answers).toEqual([
      ["/api", true],
      ["/elsewhere", false],
    ]);
    expect(edge.gateway.sockets().map(({ remoteAddress }) => remoteAddress)).toEqual(["127.0.0.1"]);
  });

  test("one gateway stopping does not disturb the other [claim:45 weakness:W5]", async () => {
    const closes: number[] = [];
    const router = jsonRouter()
      .publicBind("/api", (ctx) => ctx.reply("ok"))
      .useClose((ctx) => {
        closes.push(ctx.closeStatus().status);
      });
    await using fleet = newFleet();
    const [one, two] = [await fleet.edge({ name: "one" }), await fleet.edge({ name: "two" })];
    const { service } = await fleet.service("api", router);

    await one.gateway.stop();
    await service.stop();
    await expect.poll(() => two.gateway.canServePath("/api")).toBe(false);
    await service.start();

    expect(two.gateway.canServePath("/api")).toBe(true);
    const client = await fleet.client(two);
    expect(await client.ask("/api")).toMatchObject({ data: { message: "ok" } });
    client.webSocket.close(4000, "done");
    await expect.poll(() => closes).toEqual([4000]);
  });
});
