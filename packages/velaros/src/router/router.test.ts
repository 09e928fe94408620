import { expect, test } from "vitest";
import { Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

test("a bound handler answers with the id of its message [claim:26]", async () => {
  const router = new Router()
    .use(json())
    .bind("/users/:id", (context) => context.reply({ user: context.params.id }));
  await using client = connectClient(router);

  client.send({ id: "1", path: "/users/7" });

  expect(await client.receive()).toEqual({ id: "1", data: { user: "7" } });
});
