import { expect, test } from "vitest";
import { type Context, Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

const quiet = { onError: () => {} };

function note(log: string[], name: string): (context: Context) => Promise<void> {
  return async (context) => {
    log.push(`${name} in`);
    await context.next();
    log.push(`${name} out`);
  };
}

test("a nested router ends before the parent goes on", async () => {
  const log: string[] = [];
  const router = new Router()
    .use(json())
    .use(note(log, "parent"))
    .use(new Router().use(note(log, "sub")))
    .bind("/x", (ctx) => {
      log.push("handler");
      return ctx.reply(null);
    });
  await using client = connectClient(router);

  await client.request("/x");

  await expect.poll(() => log).toEqual(["parent in", "sub in", "sub out", "handler", "parent out"]);
});

test("the parent goes on only when every handler of the nested router passed the message on", async () => {
  const router = new Router()
    .use(json())
    .use(new Router().bind("/stop", () => {}).bind("/pass", (ctx) => ctx.next()))
    .use((ctx) => ctx.reply("parent"));
  await using client = connectClient(router);

  client.send({ id: "stop", path: "/stop" });
  const passed = await client.request("/pass");
  const unmatched = await client.request("/unmatched");

  expect(passed).toMatchObject({ data: { message: "parent" } });
  expect(unmatched).toMatchObject({ data: { message: "parent" } });
  expect(client.received).toEqual([]);
});

test("calling next twice in a nested router does not run the parent's handlers [quirk:Q22]", async () => {
  let parents = 0;
  const sub = new Router().bind(
    "/x",
    async (ctx) => {
      await ctx.next();
      await ctx.next();
    },
    (ctx) => ctx.reply("sub"),
  );
  const router = new Router()
    .use(json())
    .use(sub)
    .use(() => void (parents += 1));
  await using client = connectClient(router);

  await client.request("/x");

  await expect.poll(() => client.connection.settled.length).toBe(1);
  expect(parents).toBe(0);
});

test("patterns begin behind the mount; the path stays whole; parameters of the mount stay visible", async () => {
  const seen: unknown[] = [];
  const posts = new Router().bind("/posts/:id", (ctx) => {
    seen.push([ctx.path, { ...ctx.params }]);
    return ctx.reply(null);
  });
  const users = new Router().use("/:section", posts).bind("/", (ctx) => ctx.reply("root"));
  const router = new Router().use(json()).use("/users/:id", users);
  await using client = connectClient(router);

  await client.request("/users/7/blog/posts/9");
  const root = await client.request("/users/7");

  expect(seen).toEqual([["/users/7/blog/posts/9", { id: "9", section: "blog" }]]);
  expect(root).toMatchObject({ data: { message: "root" } });
});

test("a mount with a mixed pattern hands on exactly what is left", async () => {
  const inner = new Router().bind("/:rest*", (ctx) => ctx.reply({ rest: ctx.params.rest }));
  const router = new Router().use(json()).use("/:version(\\d+)?/api", inner);
  await using client = connectClient(router);

  expect(await client.request("/1/api/a/b")).toMatchObject({ data: { rest: "a/b" } });
  expect(await client.request("/api/a")).toMatchObject({ data: { rest: "a" } });
  expect(await client.request("/api")).toMatchObject({ data: { rest: "" } });
});

test("a path changed inside is still whole, and forgotten outside", async () => {
  const seen: string[] = [];
  const sub = new Router()
    .use((ctx) => {
      ctx.setMessagePath("/api/new");
      return ctx.next();
    })
    .bind("/old", () => void seen.push("old"))
    .bind("/new", (ctx) => {
      seen.push(ctx.path);
      return ctx.next();
    });
  const router = new Router()
    .use(json())
    .use("/api", sub)
    .use((ctx) => ctx.reply({ path: ctx.path }));
  await using client = connectClient(router);

  expect(await client.request("/api/old")).toMatchObject({ data: { path: "/api/old" } });
  expect(seen).toEqual(["/api/new"]);
});

test("values and errors come out of a nested router; deletions, data and metadata stay inside", async () => {
  const seen: unknown[] = [];
  const sub = new Router().use((ctx) => {
    seen.push(ctx.get("kept"));
    ctx.set("added", 1);
    ctx.set("changed", "inside");
    ctx.delete("kept");
    ctx.setMessageData(new TextEncoder().encode('"inside"'));
    ctx.setMessageMeta({ who: "inside" });
    return ctx.next();
  });
  const router = new Router().use(json()).use(
    (ctx) => {
      ctx.set("kept", true);
      ctx.set("changed", "outside");
      return ctx.next();
    },
    sub,
    (ctx) => {
      seen.push(ctx.get("kept"), ctx.get("added"), ctx.get("changed"), ctx.unmarshal(), ctx.meta("who"));
      return ctx.reply(null);
    },
  );
  await using client = connectClient(router);

  client.send({ id: "1", path: "/x", data: "outside", meta: { who: "client" } });
  await client.receive();

  expect(seen).toEqual([true, true, 1, "inside", "outside", "client"]);
});

test("an error in a nested router reaches the parent's middleware, which may clear it", async () => {
  const router = new Router(quiet)
    .use(json())
    .use(async (ctx) => {
      await ctx.next();
      if (ctx.error?.message !== "inside") return;
      ctx.error = undefined;
      await ctx.reply("cleared");
    })
    .use(
      new Router().bind("/x", () => {
        throw new Error("inside");
      }),
    )
    .bind("/x", (ctx) => ctx.reply("never"));
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ data: { message: "cleared" } });
});

test("a codec in a nested router works in there and nowhere else, and lets go of the id [quirk:Q13]", async () => {
  const errors: unknown[] = [];
  const router = new Router({ onError: (error) => errors.push(error.message) })
    .use(new Router().use(json()).bind("/inside", (ctx) => ctx.reply("inside")))
    .use((ctx) => ctx.reply("outside"));
  await using client = connectClient(router);

  for (let round = 0; round < 3; round += 1) {
    client.send({ id: "same", path: "/inside" });
    expect(await client.receive()).toEqual({ id: "same", data: { message: "inside" } });
  }
  client.send({ id: "same", path: "/elsewhere" });
  expect(await client.receive()).toMatchObject({ id: "same", error: { code: "INTERNAL" } });
  expect(errors).toEqual([expect.stringContaining("router.use(json())")]);
});

test("open and close chains of a nested router run at its place in the parent's", async () => {
  const log: string[] = [];
  const sub = new Router()
    .useOpen(() => void log.push("sub open"))
    .useClose(() => void log.push("sub close"));
  const router = new Router()
    .useOpen(() => void log.push("first open"))
    .use("/far", sub)
    .useOpen(() => void log.push("last open"))
    .useClose(() => void log.push("last close"));
  const client = connectClient(router);

  await client.close();

  expect(log).toEqual(["first open", "sub open", "last open", "sub close", "last close"]);
});
