import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { json } from "../json.ts";
import { connectClient } from "../testing/client.ts";
import { Router } from "./router.ts";

/** The status that an upgrade request is answered with. */
function statusOf(url: string): Promise<number | undefined> {
  const webSocket = new WebSocket(url);
  return new Promise((resolve) => {
    webSocket.once("unexpected-response", (_, response) => resolve(response.statusCode));
    webSocket.once("open", () => {
      webSocket.close();
      resolve(101);
    });
  });
}

test("while a handler accepts no clients, new ones are refused with 503 and those that are there stay", async () => {
  let isOpen = true;
  const gate = { handle: () => undefined, acceptsClients: () => isOpen };
  const reasons: string[] = [];
  const router = new Router().use("/api", new Router().use(gate));
  const listening = await router.listen({
    port: 0,
    onRefused: (reason) => reasons.push(reason),
    logger: { warn: () => undefined, error: () => undefined },
  });
  onTestFinished(() => listening.close({ graceMs: 0 }));

  expect(await statusOf(listening.url)).toBe(101);
  isOpen = false;
  expect(await statusOf(listening.url)).toBe(503);
  expect(reasons).toEqual(["CLOSING"]);
  isOpen = true;
  expect(await statusOf(listening.url)).toBe(101);
});

test("middleware can answer what nobody behind it has handled, and only that", async () => {
  const router = new Router()
    .use(json())
    .use(async (ctx) => {
      await ctx.next();
      if (!ctx.handled) await ctx.reply("nobody");
    })
    .bind("/answered", (ctx) => ctx.reply("here"));
  await using client = connectClient(router);

  expect((await client.request("/answered")).data).toEqual({ message: "here" });
  expect((await client.request("/else")).data).toEqual({ message: "nobody" });
});
