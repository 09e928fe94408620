// A test of a router alone: no port, no gateway, no service.
import { Router } from "velaros";
import { json } from "velaros/json";
import { connectClient } from "velaros/testing";
import { expect, test } from "vitest";

test("a user is found by id", async () => {
  const router = new Router().use(json()).publicBind("/users/:id", (ctx) => ctx.reply({ id: ctx.params.id }));
  await using client = connectClient(router);

  expect(await client.request("/users/42")).toMatchObject({ data: { id: "42" } });
});
