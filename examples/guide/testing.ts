// Two tests of a fleet that lives in the test's own process.
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { expect, test } from "vitest";
import { WebSocket } from "ws";

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
  const listening = await edge.listen({ port: 0 });
  const indexes = await ask(listening.url, "/test", 20);
  await listening.close();

  expect(new Set(indexes).size).toBe(1);
});

/** Sends the same message several times over one connection, and resolves with what was answered. */
function ask(url: string, path: string, times: number): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url);
    const indexes: number[] = [];
    ws.on("error", reject);
    ws.on("open", () => {
      for (let count = 0; count < times; count++) ws.send(JSON.stringify({ id: String(count), path }));
    });
    ws.on("message", (bytes: Buffer) => {
      const { data } = JSON.parse(bytes.toString()) as { data: { index: number } };
      indexes.push(data.index);
      if (indexes.length < times) return;
      ws.close();
      resolve(indexes);
    });
  });
}
