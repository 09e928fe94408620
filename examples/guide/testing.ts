import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { connectClient } from "velaros/testing";
import { expect, test } from "vitest";

test("the gateway routes to the service", async () => {
  // Everything runs in this process. `await using` stops it at the end, also when the test fails.
  const transport = new LocalTransport();

  await using gateway = new Gateway("test-gateway", transport);
  await gateway.start();

  const router = new Router();
  router.use(json());
  router.publicBind("/test", (ctx) => ctx.reply({ result: "success" }));

  await using service = new Service("test-service", transport, router);
  await service.start();

  // No waiting: start() resolves when the gateway can route.
  expect(gateway.canServePath("/test")).toBe(true);

  // A client of the gateway, without a port
  const edge = new Router().use(json()).use(gateway);
  await using client = connectClient(edge);
  expect(await client.request("/test")).toMatchObject({ data: { result: "success" } });
});

test("a connection stays with one of three instances", async () => {
  const transport = new LocalTransport();
  await using gateway = new Gateway("gateway", transport);
  await gateway.start();

  for (let index = 0; index < 3; index++) {
    const router = new Router();
    router.use(json());
    router.publicBind("/test", (ctx) => ctx.reply({ index }));
    await new Service("service", transport, router).start();
  }

  const edge = new Router().use(json()).use(gateway);
  await using client = connectClient(edge);
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.request("/test")));

  expect(new Set(answers.map(({ data }) => (data as { index: number }).index)).size).toBe(1);
});
