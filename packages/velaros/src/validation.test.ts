import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Router } from "./index.ts";
import { json } from "./json.ts";
import { connectClient } from "./testing/index.ts";

const Person = z.object({ name: z.string(), age: z.coerce.number().min(0) });

describe("an input schema", () => {
  test("lets through what fits, as the schema makes it", async () => {
    const router = new Router().use(json()).publicBind("/people", { input: Person }, async (ctx) => {
      const received = await ctx.receive();
      return { received, unmarshalled: ctx.unmarshal() };
    });
    await using client = connectClient(router);

    const { data } = await client.request("/people", { name: "Ada", age: "36", extra: true });

    expect(data).toEqual({ received: { name: "Ada", age: 36 }, unmarshalled: { name: "Ada", age: 36 } });
  });

  test("answers what does not fit with the fields in question, and runs no handler", async () => {
    const errors: unknown[] = [];
    let ran = false;
    const router = new Router({ onError: (error) => errors.push(error) })
      .use(json())
      .bind("/people", { input: z.object({ people: z.array(Person) }) }, () => {
        ran = true;
      });
    await using client = connectClient(router);

    const bad = await client.request("/people", { people: [{ name: "Ada", age: -1 }, { age: 1 }] });
    const none = await client.request("/people");

    expect(bad).toMatchObject({
      error: {
        code: "VALIDATION_FAILED",
        details: {
          fields: [{ "people.0.age": expect.any(String) }, { "people.1.name": expect.any(String) }],
        },
      },
    });
    expect(none).toMatchObject({ error: { code: "VALIDATION_FAILED" } });
    expect(ran).toBe(false);
    expect(errors).toEqual([]);
  });

  test("may take time", async () => {
    const slow = z.string().refine(async (name) => Promise.resolve(name !== "taken"), "taken");
    const router = new Router()
      .use(json())
      .bind("/names", { input: slow }, (ctx) => ctx.reply(ctx.unmarshal()));
    await using client = connectClient(router);

    expect(await client.request("/names", "free")).toMatchObject({ data: { message: "free" } });
    expect(await client.request("/names", "taken")).toMatchObject({ error: { code: "VALIDATION_FAILED" } });
  });

  test("holds for every further message that the handler receives", async () => {
    const router = new Router().use(json()).bind("/sum", { input: z.number() }, async (ctx) => {
      await ctx.reply((await ctx.receive()) + (await ctx.receive()));
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/sum", data: 1 });
    client.send({ id: "1", data: 2 });
    client.send({ id: "2", path: "/sum", data: 1 });
    client.send({ id: "2", data: "two" });

    expect(await client.receive()).toEqual({ id: "1", data: 3 });
    expect(await client.receive()).toMatchObject({ id: "2", error: { code: "VALIDATION_FAILED" } });
  });

  test("leaves answers to the handler's own questions alone", async () => {
    const router = new Router().use(json()).bind("/ask", { input: z.literal("start") }, async (ctx) => {
      await ctx.reply({ got: await ctx.request("how many?") });
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/ask", data: "start" });
    await client.receive();
    client.send({ id: "1", path: "/ask", data: 42 });

    expect(await client.receive()).toEqual({ id: "1", data: { got: 42 } });
  });
});

describe("an output schema", () => {
  test("lets through what fits, as the schema makes it", async () => {
    const router = new Router()
      .use(json())
      .bind("/replied", { output: z.object({ n: z.number() }) }, (ctx) => ctx.reply({ n: 1 }))
      .bind("/returned", { output: z.object({ n: z.number() }) }, () => ({ n: 2, secret: true }));
    await using client = connectClient(router);

    expect((await client.request("/replied")).data).toEqual({ n: 1 });
    expect((await client.request("/returned")).data).toEqual({ n: 2 });
  });

  test("makes of what does not fit a failure of ours: INTERNAL, and the hook hears of it", async () => {
    const errors: unknown[] = [];
    const wrong = { n: "1" as unknown as number };
    const router = new Router({ onError: (error) => errors.push((error as { code?: unknown }).code) })
      .use(json())
      .bind("/awaited", { output: z.object({ n: z.number() }) }, (ctx) => ctx.reply(wrong))
      .bind("/forgotten", { output: z.object({ n: z.number() }) }, (ctx) => void ctx.reply(wrong))
      .bind("/returned", { output: z.object({ n: z.number() }) }, () => wrong);
    await using client = connectClient(router);

    for (const path of ["/awaited", "/forgotten", "/returned"]) {
      expect(await client.request(path)).toMatchObject({ error: { code: "INTERNAL" } });
    }
    expect(errors).toEqual(Array<string>(3).fill("VELAROS_OUTPUT_INVALID"));
  });
});
