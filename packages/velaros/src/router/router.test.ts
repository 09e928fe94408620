import { describe, expect, test } from "vitest";
import { type Context, Router, VelarosError } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

/** The code of what `action` throws. */
function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return VelarosError.is(error) ? error.code : error;
  }
  return undefined;
}

/** Gives a value that no type allows to a method that must check it. */
const anything = (value: unknown): never => value as never;

const answer =
  (text: string) =>
  (context: Context): Promise<void> =>
    context.reply(text);

test("a bound handler answers with the id of its message [claim:26]", async () => {
  const router = new Router().use(json()).bind("/users/:id", (ctx) => ctx.reply({ user: ctx.params.id }));
  await using client = connectClient(router);

  client.send({ id: "1", path: "/users/7" });

  expect(await client.receive()).toEqual({ id: "1", data: { user: "7" } });
});

test("use takes the path with and without the final slash and stars", async () => {
  for (const mount of ["/admin", "/admin/", "/admin/**"]) {
    const router = new Router().use(json()).use(mount, answer("admin"));
    await using client = connectClient(router);

    for (const path of ["/admin", "/admin/", "/admin/users/7"]) {
      expect(await client.request(path)).toMatchObject({ data: { message: "admin" } });
    }
    expect(await client.request("/administration")).toMatchObject({ error: { code: "NOT_FOUND" } });
  }
});

test("use with an empty path or a slash means everything", async () => {
  for (const mount of ["", "/", "/**"]) {
    const router = new Router().use(json()).use(mount, answer("all"));
    await using client = connectClient(router);

    for (const path of ["/", "//", "/a//b", "no-slash"]) {
      expect(await client.request(path)).toMatchObject({ data: { message: "all" } });
    }
  }
});

test("middleware without a path runs for every message, whatever its path looks like [quirk:Q11]", async () => {
  const seen: string[] = [];
  const router = new Router().use(json(), (ctx) => {
    seen.push(ctx.path);
    return ctx.next();
  });
  router.bind("/files/:p(.*)", answer("file"));
  await using client = connectClient(router);

  const reply = await client.request("/files/a//b");
  await client.request("//");
  client.send({ id: "none" });
  await client.receive();

  expect(reply).toMatchObject({ data: { message: "file" } });
  expect(seen).toEqual(["/files/a//b", "//", ""]);
});

describe("registration", () => {
  test("refuses calls without handlers", () => {
    const router = new Router();

    expect(codeOf(() => router.use())).toBe("VELAROS_HANDLER_MISSING");
    expect(codeOf(() => router.use("/a"))).toBe("VELAROS_HANDLER_MISSING");
    expect(codeOf(() => router.bind("/a"))).toBe("VELAROS_HANDLER_MISSING");
    expect(codeOf(() => router.publicBind("/a"))).toBe("VELAROS_HANDLER_MISSING");
    expect(codeOf(() => router.useOpen())).toBe("VELAROS_HANDLER_MISSING");
    expect(codeOf(() => router.useClose())).toBe("VELAROS_HANDLER_MISSING");
  });

  test("names what it was given instead of a handler", () => {
    const router = new Router();

    expect(() => router.use(anything({ handleOpen() {} }))).toThrowErrorMatchingInlineSnapshot(
      `[VelarosError: use() takes functions, routers and objects with a handle method, but was given an object with only handleOpen.]`,
    );
    expect(() => router.useOpen(anything({ handle() {} }))).toThrowErrorMatchingInlineSnapshot(
      `[VelarosError: useOpen() takes functions and objects with a handleOpen method, but was given an object with only handle.]`,
    );
    expect(() => router.bind("/a", anything("/b"))).toThrowErrorMatchingInlineSnapshot(
      `[VelarosError: bind() takes functions, routers and objects with a handle method, but was given the string "/b".]`,
    );
    expect(() => router.bind(anything(() => 1))).toThrowErrorMatchingInlineSnapshot(
      `[VelarosError: bind() takes a path in front of its handlers, but was given a function.]`,
    );
    expect(codeOf(() => router.use(anything(null)))).toBe("VELAROS_HANDLER_INVALID");
    expect(codeOf(() => router.bind("no-slash", answer("x")))).toBe("VELAROS_PATTERN_INVALID");
  });

  test("a call that throws changes nothing [quirk:Q34]", async () => {
    const events: string[] = [];
    const hooks = {
      handle: (ctx: Context) => ctx.next(),
      handleOpen: () => void events.push("open"),
    };
    const router = new Router();

    expect(codeOf(() => router.publicBind("/nested", anything(new Router())))).toBe(
      "VELAROS_HANDLER_INVALID",
    );
    expect(codeOf(() => router.publicBind("/:", hooks))).toBe("VELAROS_PATTERN_INVALID");
    expect(codeOf(() => router.publicBind("/a", hooks, anything(7)))).toBe("VELAROS_HANDLER_INVALID");
    expect(codeOf(() => router.useOpen(() => void events.push("open"), anything({})))).toBe(
      "VELAROS_HANDLER_INVALID",
    );

    await using client = connectClient(router);
    expect(client.connection.closed).toBeUndefined();
    expect(router.routeDescriptors()).toEqual([]);
    expect(router.lookup(hooks)).toBeUndefined();
    expect(events).toEqual([]);
  });

  test("refuses to mount a router in itself, however far in", () => {
    const [outer, middle, inner] = [new Router(), new Router(), new Router()];
    outer.use("/middle", middle);
    middle.use("/inner", inner);

    for (const router of [outer, middle, inner]) {
      expect(codeOf(() => inner.use("/again", router))).toBe("VELAROS_HANDLER_INVALID");
    }
    expect(outer.routeDescriptors()).toEqual([]);
  });

  test("refuses options outside their range", () => {
    expect(codeOf(() => new Router({ maxHandlersPerSocket: 0 }))).toBe("VELAROS_OPTION_INVALID");
    expect(codeOf(() => new Router({ requestTimeoutMs: -1 }))).toBe("VELAROS_OPTION_INVALID");
    expect(codeOf(() => new Router({ unanswered: anything("maybe") }))).toBe("VELAROS_OPTION_INVALID");
  });

  test("registers the open and close hooks of what it binds, wherever that is mounted, once per binding", async () => {
    const events: string[] = [];
    const hooks = {
      handle: (ctx: Context) => ctx.next(),
      handleOpen: () => void events.push("open"),
      handleClose: () => void events.push("close"),
    };
    const router = new Router().use("/far/away", hooks).bind("/elsewhere", hooks);
    const client = connectClient(router);

    await client.close();

    expect(events).toEqual(["open", "open", "close", "close"]);
  });
});

describe("lookup", () => {
  test("finds the pattern of a handler, also in nested routers, without the mount's prefix", () => {
    const outer = answer("outer");
    const inner = answer("inner");
    const middleware = answer("middleware");
    const router = new Router()
      .bind("/outer/:id", outer)
      .use("/mount", middleware)
      .use("/api", new Router().use(new Router().bind("/deep", inner)));

    expect(String(router.lookup(outer))).toBe("/outer/:id");
    expect(String(router.lookup(middleware))).toBe("/mount/**");
    expect(String(router.lookup(inner))).toBe("/deep");
    expect(router.lookup(answer("unknown"))).toBeUndefined();
  });

  test("tells functions apart that were made by the same function [quirk:Q36]", () => {
    const [first, second] = [answer("1"), answer("2")];
    const router = new Router().bind("/first", first).bind("/second", second);

    expect(String(router.lookup(second))).toBe("/second");
  });
});

describe("public routes", () => {
  test("are listed in the order of registration, each once, private ones never [claim:32]", () => {
    const router = new Router()
      .publicBind("/b", answer("b"))
      .bind("/private", answer("private"))
      .publicBind("/a/:id", answer("a"))
      .publicBind("/b", answer("b again"));

    expect(router.routeDescriptors()).toEqual([{ pattern: "/b" }, { pattern: "/a/:id" }]);
  });

  test("of nested routers carry the mounts' prefixes, are reachable there, and may come later [quirk:Q12 claim:118]", async () => {
    const deep = new Router().publicBind("/list", answer("list"));
    const sub = new Router().publicBind("/users", answer("users")).use("/deep", deep);
    const router = new Router().use(json()).use("/api", sub);
    sub.publicBind("/late", answer("late"));
    deep.publicBind("/", answer("root"));

    expect(router.routeDescriptors().map(({ pattern }) => pattern)).toEqual([
      "/api/users",
      "/api/deep/list",
      "/api/deep",
      "/api/late",
    ]);

    await using client = connectClient(router, { publicOnly: true });
    for (const [path, message] of [
      ["/api/users", "users"],
      ["/api/deep/list", "list"],
      ["/api/deep", "root"],
      ["/api/deep/", "root"],
      ["/api/late", "late"],
    ] as const) {
      expect(await client.request(path)).toMatchObject({ data: { message } });
    }
    expect(await client.request("/users")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await client.request("/api/api/users")).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  test("of a router that was given to bind are listed and reachable too", async () => {
    const sub = new Router().publicBind("/users", answer("users")).bind("/secret", answer("secret"));
    const router = new Router().use(json()).bind("/api", sub);
    await using client = connectClient(router, { publicOnly: true });

    expect(router.routeDescriptors()).toEqual([{ pattern: "/api/users" }]);
    expect(await client.request("/api/users")).toMatchObject({ data: { message: "users" } });
    expect(await client.request("/api/secret")).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  test("a private handler beside a router makes both private", async () => {
    const sub = new Router().publicBind("/users", answer("users"));
    const router = new Router().use(json()).bind("/api", (ctx) => ctx.next(), sub);
    await using outside = connectClient(router, { publicOnly: true });
    await using inside = connectClient(router);

    expect(router.routeDescriptors()).toEqual([]);
    expect(await outside.request("/api/users")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await inside.request("/api/users")).toMatchObject({ data: { message: "users" } });
  });
});

test("messages from outside pass private nodes as if they were absent [claim:33]", async () => {
  const ran: string[] = [];
  const note = (name: string) => (ctx: Context) => {
    ran.push(name);
    return ctx.next();
  };
  const sub = new Router().bind("/**", note("nested private")).publicBind("/thing", answer("public"));
  const router = new Router()
    .use(json(), note("middleware"))
    .bind("/api/thing", answer("private"))
    .use("/api", sub)
    .publicBind("/**", answer("fallback"));

  await using outside = connectClient(router, { publicOnly: true });
  await using inside = connectClient(router);

  expect(await outside.request("/api/thing")).toMatchObject({ data: { message: "public" } });
  expect(ran).toEqual(["middleware"]);
  expect(await inside.request("/api/thing")).toMatchObject({ data: { message: "private" } });
  expect(await outside.request("/other")).toMatchObject({ data: { message: "fallback" } });
});
