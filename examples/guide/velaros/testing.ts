// Handlers tested without a network.
import { Router } from "velaros";
import { json } from "velaros/json";
import { connectClient } from "velaros/testing";
import { expect, test } from "vitest";

function createRouter(): Router {
  return new Router()
    .use(json())
    .bind("/greet", async (ctx) => ({ text: `Hello, ${await ctx.request("Who are you?")}!` }))
    .bind("/whoami", (ctx) => ({ user: ctx.trusted["user"] }))
    .bind("/leave", (ctx) => ctx.closeWithStatus(4000, "bye"));
}

test("a greeting asks for the name", async () => {
  await using client = connectClient(createRouter());

  const greeting = client.request("/greet");
  const question = await client.receive();
  client.send({ id: question.id, data: "Ada" });

  expect(question.data).toEqual({ message: "Who are you?" });
  expect((await greeting).data).toEqual({ text: "Hello, Ada!" });
});

test("a client is who authenticate says", async () => {
  await using client = connectClient(createRouter(), { trusted: { user: "ada" } });

  expect(await client.request("/whoami")).toMatchObject({ data: { user: "ada" } });
});

test("leaving closes the connection", async () => {
  const client = connectClient(createRouter());

  client.send({ path: "/leave" });

  expect(await client.closed).toMatchObject({ status: 4000, reason: "bye" });
});
