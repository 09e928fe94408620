import { expect, test } from "vitest";
import { z } from "zod";
import { Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

test("promises that a handler forgets bring nobody down when the client leaves", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const router = new Router({ onError: () => {} }).use(json()).bind("/x", async (ctx) => {
    void ctx.receive();
    void ctx.receive();
    void ctx.receiveRaw();
    void ctx.request("?");
    void ctx.requestRaw("?");
    void ctx.socket.request("?");
    await ctx.done;
    void ctx.reply(1);
    void ctx.push(1);
    void ctx.socket.push(1);
    void ctx.request(1);
  });
  const client = connectClient(router);
  client.connection.fallBehind();

  client.send({ id: "1", path: "/x", data: 0 });
  await client.close();
  await new Promise((resolve) => void setImmediate(resolve));
  process.off("unhandledRejection", note);

  expect(unhandled).toEqual([]);
});

test("an answer that a slow schema still looks at holds the chain open", async () => {
  const slow = z.number().refine(async () => new Promise((resolve) => void setImmediate(resolve, true)));
  const router = new Router().use(json()).bind("/x", { output: slow }, (ctx) => void ctx.reply(7));
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ data: 7 });
  await expect.poll(() => client.connection.settled.length).toBe(1);
});
