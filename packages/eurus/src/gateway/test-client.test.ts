import { Router } from "velaros";
import { json } from "velaros/json";
import { connectClient } from "velaros/testing";
import { expect, test } from "vitest";
import { Service } from "../service/service.ts";
import { LocalTransport } from "../transport/local.ts";
import { Gateway } from "./gateway.ts";

test("a test client behind a gateway waits for the answer of the service, however late it comes", async () => {
  const transport = new LocalTransport();
  await using gateway = new Gateway("gateway", transport);
  await gateway.start();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const router = new Router()
    .use(json())
    .publicBind("/at-once", (ctx) => ctx.reply({ id: service.id }))
    .publicBind("/later", async (ctx) => ctx.reply(await released.then(() => "late")))
    .publicBind("/ask", async (ctx) => ctx.reply(await ctx.request("well?")));
  const service: Service = new Service("service", transport, router);
  await using _ = service;
  await service.start();
  await using client = connectClient(new Router().use(json()).use(gateway));

  const late = client.request("/later");
  expect((await client.request("/at-once")).data).toEqual({ id: service.id });
  const asked = client.request("/ask");
  const question = await client.receive();
  client.send({ id: question.id, data: "well" });
  release();

  expect((await asked).data).toEqual({ message: "well" });
  expect((await late).data).toEqual({ message: "late" });
});

test("a test client behind a gateway hears what no service is there for, and of the end of its connection", async () => {
  const transport = new LocalTransport();
  await using gateway = new Gateway("gateway", transport);
  await gateway.start();
  let silent = (): void => {};
  const hasBeenSilent = new Promise<void>((resolve) => (silent = resolve));
  const router = new Router().use(json()).publicBind("/silent", () => silent());
  await using service = new Service("service", transport, router);
  await service.start();
  const edge = new Router()
    .use(json())
    .use(gateway)
    .bind("/local", () => {});
  await using client = connectClient(edge);

  expect(await client.request("/nothing")).toMatchObject({ error: { code: "NOT_FOUND" } });
  expect(await client.request("/a//b")).toMatchObject({ error: { code: "BAD_PATH" } });
  await expect(client.request("/local")).rejects.toThrow('The handler of "/local" ended without an answer.');
  const unanswered = expect(client.request("/silent")).rejects.toThrow("The connection ended with 1001");
  await hasBeenSilent;
  await service.stop();
  await unanswered;
});
