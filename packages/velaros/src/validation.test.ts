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

describe("an input schema holds for every message that starts a handler", () => {
  const schemas = { input: z.object({ n: z.number() }) };

  test("also when another handler waits for a message with its id", async () => {
    let ran = false;
    const router = new Router({ onError: () => {} })
      .use(json())
      .bind("/asks", async (ctx) => {
        await ctx.request("well?");
      })
      .bind("/checked", schemas, () => {
        ran = true;
      });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/asks" });
    client.send({ id: "1", path: "/checked", data: { n: "one" } });

    expect(await client.receive()).toMatchObject({ path: "/asks" });
    expect(await client.receive()).toMatchObject({ id: "1", error: { code: "VALIDATION_FAILED" } });
    expect(ran).toBe(false);
  });

  test("also when the message was on its way to a handler that has ended without it", async () => {
    const runs: string[] = [];
    const [arrived, ended] = [gate(), gate()];
    const router = new Router()
      .use(json())
      .use(async (ctx) => {
        if (ctx.meta("slow") === true) await arrived.opened;
        await ctx.next();
      })
      .bind("/checked", schemas, async (ctx) => {
        runs.push(new TextDecoder().decode(ctx.data));
        await ctx.request("well?", { timeoutMs: 1 }).catch(() => arrived.open());
        await ended.opened;
      });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/checked", data: { n: 1 } });
    await client.receive();
    client.send({ id: "1", path: "/checked", data: { n: "two" }, meta: { slow: true } });
    await arrived.opened;
    // The message has passed the schema as an answer, and waits for the handler that runs.
    await new Promise(setImmediate);
    ended.open();

    expect(await client.receive()).toMatchObject({ id: "1", error: { code: "VALIDATION_FAILED" } });
    expect(runs).toEqual(['{"n":1}']);
  });

  test("and not for answers to a handler in a nested router behind it", async () => {
    const nested = new Router().bind("/", async (ctx) => ctx.reply(await ctx.request("a word?")));
    const router = new Router().use(json()).bind("/checked", schemas, nested);
    await using client = connectClient(router);

    client.send({ id: "1", path: "/checked", data: { n: 1 } });
    const question = await client.receive();
    client.send({ id: question.id, path: "/checked", data: "word" });

    expect(await client.receive()).toEqual({ id: "1", data: { message: "word" } });
  });
});

/** A promise that the test settles. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

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
