import { describe, expect, test } from "vitest";
import { type Context, Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

const quiet = { onError: () => {} };

/** A handler that notes when it is entered and left. */
function note(log: string[], name: string): (context: Context) => Promise<void> {
  return async (context) => {
    log.push(`${name} in`);
    await context.next();
    log.push(`${name} out`);
  };
}

test("handlers run in the order of registration, and resume in reverse [claim:59]", async () => {
  const log: string[] = [];
  const router = new Router()
    .use(json())
    .use(note(log, "first"), note(log, "second"))
    .bind("/other", note(log, "other"))
    .bind("/x", note(log, "third"), (ctx) => ctx.reply("done"))
    .bind("/x", note(log, "never"));
  await using client = connectClient(router);

  await client.request("/x");

  await expect
    .poll(() => log)
    .toEqual(["first in", "second in", "third in", "third out", "second out", "first out"]);
});

test("synchronous handlers answer in the turn in which the message came", () => {
  const router = new Router().use(json(), (ctx) => ctx.next()).bind("/x", (ctx) => ctx.reply("now"));
  const client = connectClient(router);

  client.send({ id: "1", path: "/x" });

  expect(client.received).toEqual([{ id: "1", data: { message: "now" } }]);
  expect(client.connection.settled).toHaveLength(1);
});

test("calling next twice does nothing the second time", async () => {
  let runs = 0;
  const router = new Router().use(json(), async (ctx) => {
    await ctx.next();
    await ctx.next();
    await ctx.next();
  });
  router.use((ctx) => {
    runs += 1;
    return ctx.next();
  });
  router.bind("/x", (ctx) => ctx.reply(++runs));
  await using client = connectClient(router);

  await client.request("/x");

  await expect.poll(() => client.connection.settled.length).toBe(1);
  expect(runs).toBe(2);
});

test("next after the handler has returned runs nothing", async () => {
  let late: (() => Promise<void>) | undefined;
  let ran = false;
  const router = new Router()
    .use(json())
    .use((ctx) => {
      late = () => ctx.next();
    })
    .bind("/x", () => {
      ran = true;
    });
  await using client = connectClient(router);

  client.send({ path: "/x" });
  await late?.();

  expect(ran).toBe(false);
});

test("a handler that forgets to wait for next does not cut off those behind it", async () => {
  const router = new Router()
    .use(json())
    .use((ctx) => {
      void ctx.next();
    })
    .bind("/x", async (ctx) => {
      await Promise.resolve();
      await ctx.reply("still here");
    });
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ data: { message: "still here" } });
  await expect.poll(() => client.connection.settled.length).toBe(1);
});

describe("a path that middleware changes", () => {
  test("routes what follows, and never what came before", async () => {
    const log: string[] = [];
    const router = new Router()
      .use(json())
      .bind("/new", note(log, "too early"))
      .bind(
        "/old",
        (ctx) => {
          ctx.setMessagePath("/new");
          return ctx.next();
        },
        note(log, "same node, other path"),
      )
      .bind("/old", note(log, "old path"))
      .bind("/new", (ctx) => ctx.reply({ path: ctx.path }));
    await using client = connectClient(router);

    expect(await client.request("/old")).toMatchObject({ data: { path: "/new" } });
    expect(log).toEqual([]);
  });

  test("gives the rest of a node new parameters when the node still takes it", async () => {
    const router = new Router().use(json()).bind(
      "/users/:id",
      (ctx) => {
        ctx.setMessagePath("/users/changed");
        return ctx.next();
      },
      (ctx) => ctx.reply({ id: ctx.params.id }),
    );
    await using client = connectClient(router);

    expect(await client.request("/users/7")).toMatchObject({ data: { id: "changed" } });
  });
});

test("each handler sees the parameters of its own node, also after next [quirk:Q33]", async () => {
  const seen: unknown[] = [];
  const router = new Router()
    .use(json())
    .use("/users/:outer", async (ctx) => {
      await ctx.next();
      seen.push({ ...ctx.params });
    })
    .bind("/users/:inner/posts", (ctx) => {
      seen.push({ ...ctx.params });
      return ctx.reply(null);
    });
  await using client = connectClient(router);

  await client.request("/users/7/posts");

  await expect.poll(() => seen).toEqual([{ inner: "7" }, { outer: "7" }]);
});

describe("an error", () => {
  test("skips later handlers; those that wait in next can deal with it", async () => {
    const log: unknown[] = [];
    const router = new Router(quiet)
      .use(json())
      .use(async (ctx) => {
        await ctx.next();
        log.push(ctx.error?.message, ctx.errorStack?.includes("broken"));
        ctx.error = undefined;
        await ctx.reply("handled");
      })
      .bind("/x", () => {
        throw new Error("broken");
      })
      .use(() => void log.push("never"));
    await using client = connectClient(router);

    expect(await client.request("/x")).toMatchObject({ data: { message: "handled" } });
    expect(log).toEqual(["broken", true]);
  });

  test("that is set by hand is as good as thrown", async () => {
    const errors: string[] = [];
    const router = new Router({ onError: (error) => errors.push(error.message) })
      .use(json())
      .use((ctx) => {
        ctx.error = new Error("set by hand");
        return ctx.next();
      })
      .bind("/x", (ctx) => ctx.reply("never"));
    await using client = connectClient(router);

    expect(await client.request("/x")).toMatchObject({ error: { code: "INTERNAL" } });
    expect(errors).toEqual(["set by hand"]);
  });

  test("of any other type becomes the message of one [quirk:Q35]", async () => {
    const errors: Error[] = [];
    const router = new Router({ onError: (error) => errors.push(error) })
      .use(json())
      .bind("/x", () => Promise.reject(42 as unknown as Error));
    await using client = connectClient(router);

    await client.request("/x");

    expect(errors).toEqual([new Error("42")]);
  });

  test("may be something that has no text at all, also in the outermost handler", async () => {
    const errors: Error[] = [];
    const thrown: unknown = Object.create(null);
    const router = new Router({ onError: (error) => errors.push(error) }).use(() => {
      throw thrown;
    });
    await using client = connectClient(router);

    client.sendRaw("anything");

    expect(errors).toEqual([new Error("Something was thrown that has no text.")]);
    expect(errors[0]?.cause).toBe(thrown);
  });

  test("closes no connection and touches no other message [claim:111]", async () => {
    const router = new Router(quiet)
      .use(json())
      .bind("/bad", () => {
        throw new Error("broken");
      })
      .bind("/good", (ctx) => ctx.reply("good"));
    await using client = connectClient(router);

    const [bad, good] = await Promise.all([client.request("/bad"), client.request("/good")]);

    expect(bad).toMatchObject({ error: { code: "INTERNAL" } });
    expect(good).toMatchObject({ data: { message: "good" } });
    expect(client.connection.closed).toBeUndefined();
  });
});

describe("what a handler returns", () => {
  test("answers once, awaited first", async () => {
    const router = new Router()
      .use(json())
      .bind("/sync", () => ({ n: 1 }))
      .bind("/async", async () => ({ n: 2 }))
      .bind("/null", () => null)
      .bind("/false", () => false);
    await using client = connectClient(router);

    expect(await client.request("/sync")).toMatchObject({ data: { n: 1 } });
    expect(await client.request("/async")).toMatchObject({ data: { n: 2 } });
    expect(await client.request("/null")).not.toHaveProperty("data");
    expect(await client.request("/false")).toMatchObject({ data: false });
    expect(client.received).toEqual([]);
  });

  test("is no answer when it is undefined", async () => {
    const router = new Router().use(json()).bind("/x", () => undefined);
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });

    expect(client.connection.settled).toHaveLength(1);
    expect(client.received).toEqual([]);
  });
});
