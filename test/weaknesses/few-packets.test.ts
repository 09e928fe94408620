import { LocalTransport } from "eurus/local";
import { expect, test } from "vitest";
import { CountingTransport } from "../support/counting-transport.ts";
import { Fleet, jsonRouter } from "../support/fleet.ts";

test("a close is told to the pinned instances, once each [weakness:W11]", async () => {
  const transport = new CountingTransport(new LocalTransport());
  await using fleet = new Fleet(() => Promise.resolve(transport));
  const edge = await fleet.edge();
  const closes: string[] = [];
  for (const name of ["one", "two", "three"]) {
    const router = jsonRouter()
      .publicBind(`/${name}`, (ctx) => ctx.reply("ok"))
      .useClose(() => {
        closes.push(name);
      });
    await fleet.service(name, router);
  }
  const client = await fleet.client(edge);
  for (const name of ["one", "two"]) await client.ask(`/${name}`);
  // A turn for what services still have to say about handlers that have ended.
  await transport.flush();
  transport.subjects.length = 0;

  client.webSocket.close();
  await expect.poll(() => closes.length).toBe(2);
  await transport.flush();

  expect(transport.subjects.map((subject) => subject.split(".").slice(2, 4).join(" ").split(" ")[0])).toEqual(
    ["svc", "svc"],
  );
});

test("a small message is one publish each way [weakness:W23]", async () => {
  const transport = new CountingTransport(new LocalTransport());
  await using fleet = new Fleet(() => Promise.resolve(transport));
  const edge = await fleet.edge();
  await fleet.service(
    "echo",
    jsonRouter().publicBind("/echo", (ctx) => ctx.reply("ok")),
  );
  const client = await fleet.client(edge);
  await client.ask("/echo");
  transport.subjects.length = 0;

  await client.ask("/echo");
  await transport.flush();

  expect(transport.subjects.map((subject) => subject.split(".")[2])).toEqual(["svc", "gw"]);
});
