import { expect, test } from "vitest";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { Router } from "../index.ts";
import { json } from "../json.ts";
import { msgpack } from "../msgpack.ts";
import { connectClient } from "./index.ts";

test("a request resolves to its answer, and leaves pushes for receive", async () => {
  const router = new Router().use(json()).bind("/x", async (ctx) => {
    await ctx.push("news");
    return { n: 1 };
  });
  await using client = connectClient(router);

  expect((await client.request("/x")).data).toEqual({ n: 1 });
  expect((await client.receive()).data).toEqual({ message: "news" });
});

test("a question of the server is not taken for the answer to the request that it is about", async () => {
  const router = new Router().use(json()).bind("/x", async (ctx) => ctx.reply(await ctx.request("well?")));
  await using client = connectClient(router);

  const answer = client.request("/x");
  const question = await client.receive();
  client.send({ id: question.id, data: "well" });

  expect(question.data).toEqual({ message: "well?" });
  expect((await answer).data).toEqual({ message: "well" });
});

test("a request rejects when its handler ends without an answer", async () => {
  const router = new Router().use(json()).bind("/x", () => {});
  await using client = connectClient(router);

  await expect(client.request("/x")).rejects.toThrow('The handler of "/x" ended without an answer.');
});

test("what still waits rejects when the connection ends", async () => {
  const router = new Router().use(json()).bind("/x", (ctx) => ctx.done);
  const client = connectClient(router);
  const waits = [client.request("/x"), client.receive()];

  client.connection.inlet.closed(4001, "bye", "client");

  for (const wait of waits) await expect(wait).rejects.toThrow('ended with 4001 "bye"');
  await expect(client.receive()).rejects.toThrow("has ended");
});

test("a client speaks the encoding that it is given, and is who it says", async () => {
  const router = new Router().use(json()).use(msgpack());
  router.bind("/x", (ctx) => ctx.reply([ctx.remoteAddress, ctx.headers["user-agent"], ctx.trusted["user"]]));
  await using client = connectClient(router, {
    codec: msgpackCodec,
    remoteAddress: "203.0.113.7",
    headers: { "user-agent": "test" },
    trusted: { user: "ada" },
  });

  expect((await client.request("/x")).data).toEqual(["203.0.113.7", "test", "ada"]);
});
