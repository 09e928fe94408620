import { beforeEach, describe, expect, test } from "vitest";
import { type Context, ReplyError, Router, type RouterOptions, type UnansweredEvent } from "../index.ts";
import { json } from "../json.ts";
import { msgpack } from "../msgpack.ts";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { connectClient } from "../testing/index.ts";

test("an id that nobody answers gets NOT_FOUND; without an id there is only the hook [claim:25]", async () => {
  const unanswered: UnansweredEvent[] = [];
  const router = new Router({ onUnanswered: (event) => unanswered.push(event) }).use(json());
  await using client = connectClient(router);

  client.send({ id: "1", path: "/nowhere" });
  client.send({ path: "/nowhere" });
  client.send({ data: "neither path nor id" });
  client.send({ id: "unknown", data: "no path" });

  expect(client.received).toEqual([
    { id: "1", error: { code: "NOT_FOUND", message: "Nothing handles this path." } },
    { id: "unknown", error: { code: "NOT_FOUND", message: "Nothing handles this path." } },
  ]);
  expect(unanswered.map(({ code, id, path }) => [code, id, path])).toEqual([
    ["NOT_FOUND", "1", "/nowhere"],
    ["NOT_FOUND", undefined, "/nowhere"],
    ["NOT_FOUND", undefined, ""],
    ["NOT_FOUND", "unknown", ""],
  ]);
  expect(client.connection.closed).toBeUndefined();
});

test("a handler that chooses not to reply has answered", async () => {
  const unanswered: UnansweredEvent[] = [];
  const router = new Router({ onUnanswered: (event) => unanswered.push(event) })
    .use(json())
    .bind("/x", () => {});
  await using client = connectClient(router);

  client.send({ id: "1", path: "/x" });

  expect(client.received).toEqual([]);
  expect(unanswered).toEqual([]);
});

test("a failure that middleware has cleared is dealt with, answered or not", async () => {
  const router = new Router()
    .use(json())
    .use(async (ctx) => {
      await ctx.next();
      ctx.error = undefined;
    })
    .bind("/throws", () => {
      throw new Error("broken");
    })
    .bind("/sets", (ctx) => {
      ctx.error = new Error("broken");
      return ctx.next();
    });
  await using client = connectClient(router);

  client.send({ id: "1", path: "/throws" });
  client.send({ id: "2", path: "/sets" });
  await expect.poll(() => client.connection.settled.length).toBe(2);

  expect(client.received).toEqual([]);
});

test("a failed handler gets INTERNAL, which tells the client nothing of the cause", async () => {
  const errors: [string, string | undefined][] = [];
  const router = new Router({ onError: (error, context) => errors.push([error.message, context?.path]) })
    .use(json())
    .bind("/x", async () => {
      throw new Error("secret");
    })
    .bind("/answered", async (ctx) => {
      await ctx.reply("first");
      throw new Error("too late");
    });
  await using client = connectClient(router);

  expect(await client.request("/x")).toEqual({
    id: "request-1",
    error: { code: "INTERNAL", message: "The handler failed." },
  });
  expect(await client.request("/answered")).toMatchObject({ data: { message: "first" } });
  await expect
    .poll(() => errors)
    .toEqual([
      ["secret", "/x"],
      ["too late", "/answered"],
    ]);
  expect(client.received).toEqual([]);
});

test("unhandled errors go to the hook, else to one line of the log [quirk:Q27]", async () => {
  const lines: unknown[] = [];
  const logger = { warn() {}, error: (...line: unknown[]) => void lines.push(line) };
  const router = new Router({ logger }).use(json()).bind("/x", () => {
    throw new Error("broken");
  });
  await using client = connectClient(router);

  await client.request("/x");
  const heard: string[] = [];
  const stop = router.onError((error) => heard.push(error.message));
  await client.request("/x");
  stop();
  stop();

  expect(lines).toEqual([
    [
      { error: expect.objectContaining({ message: "broken" }), path: "/x", socketId: expect.any(String) },
      "A handler failed.",
    ],
  ]);
  expect(heard).toEqual(["broken"]);
});

test("a router without a codec says so, once, instead of being silent", async () => {
  const errors: Error[] = [];
  const router = new Router({ onError: (error) => errors.push(error) }).bind("/x", (ctx) => ctx.reply(1));
  await using client = connectClient(router);

  client.send({ id: "1", path: "/x" });
  client.send({ id: "2", path: "/x" });

  expect(errors.map((error) => error.message)).toEqual([
    "Can't read a message: no codec has accepted this connection. Add one in front of the handlers, such as router.use(json()).",
  ]);
});

test("a hook for unanswered messages that throws is reported, and harms nobody", async () => {
  const errors: string[] = [];
  const onUnanswered = (): void => {
    throw new Error("hook");
  };
  const router = new Router({ onError: (error) => errors.push(error.message), onUnanswered }).use(json());
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ error: { code: "NOT_FOUND" } });
  expect(errors).toEqual(["hook"]);
});

test("a throwing error listener harms nobody", async () => {
  const lines: unknown[] = [];
  const logger = { warn() {}, error: (details: object) => void lines.push(details) };
  const router = new Router({ logger }).use(json()).bind("/x", () => {
    throw new Error("broken");
  });
  router.onError(() => {
    throw new Error("listener");
  });
  await using client = connectClient(router);

  expect(await client.request("/x")).toMatchObject({ error: { code: "INTERNAL" } });
  expect(lines).toEqual([{ error: new Error("listener") }]);
});

test('with unanswered: "ignore" the client gets nothing for what nobody answers', async () => {
  const errors: unknown[] = [];
  const router = new Router({ unanswered: "ignore", onError: (error) => errors.push(error.message) })
    .use(json())
    .bind("/x", () => {
      throw new Error("broken");
    });
  await using client = connectClient(router);

  client.send({ id: "1", path: "/x" });
  client.send({ id: "2", path: "/nowhere" });
  client.sendRaw("{");

  expect(client.received).toEqual([{ error: expect.objectContaining({ code: "BAD_MESSAGE" }) }]);
  expect(errors).toEqual(["broken"]);
});

describe("a client that does not answer or go on in time", () => {
  const unanswered: UnansweredEvent[] = [];
  const errors: Error[] = [];
  const options = {
    onError: (error: Error): void => void errors.push(error),
    onUnanswered: (event: UnansweredEvent): void => void unanswered.push(event),
  };
  const silentRouter = (more?: RouterOptions): Router =>
    new Router({ ...options, ...more })
      .use(json())
      .bind("/asks", (ctx) => ctx.request("?", { timeoutMs: 1 }).then(() => undefined))
      .bind("/waits", (ctx) => ctx.receive({ timeoutMs: 1 }).then(() => undefined))
      .bind("/answered", async (ctx) => {
        await ctx.reply("first");
        await ctx.request("?", { timeoutMs: 1 });
      });
  beforeEach(() => {
    unanswered.length = 0;
    errors.length = 0;
  });
  const reported = (): unknown => unanswered.map(({ code, id, path }) => [code, id, path]);

  test("gets TIMEOUT, and writes no lines into anybody's log", async () => {
    await using client = connectClient(silentRouter());

    expect(await client.request("/waits")).toEqual({
      id: "request-1",
      error: { code: "TIMEOUT", message: "No answer came in time." },
    });
    expect(await client.request("/asks")).toMatchObject({ error: { code: "TIMEOUT" } });
    expect(await client.request("/answered")).toMatchObject({ data: { message: "first" } });
    await expect.poll(reported, { interval: 1 }).toEqual([
      ["TIMEOUT", "request-1", "/waits"],
      ["TIMEOUT", "request-2", "/asks"],
      ["TIMEOUT", "request-3", "/answered"],
    ]);
    expect(client.received.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('gets nothing with unanswered: "ignore"', async () => {
    await using client = connectClient(silentRouter({ unanswered: "ignore" }));

    client.send({ id: "1", path: "/waits" });
    await expect.poll(reported, { interval: 1 }).toEqual([["TIMEOUT", "1", "/waits"]]);

    expect(client.received).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("is closed when an open handler waited for it, without a line in the log", async () => {
    const router = silentRouter().useOpen((ctx) => ctx.request("who?", { timeoutMs: 1 }));
    await using client = connectClient(router);

    await expect.poll(() => client.connection.closed, { interval: 1 }).toMatchObject({ status: 1011 });

    expect(reported()).toEqual([["TIMEOUT", undefined, ""]]);
    expect(errors).toEqual([]);
  });
});

describe("a message that can't be read", () => {
  test("is always answered, with its id if that can be read, and harms nobody [claim:109]", async () => {
    const router = new Router().use(json()).bind("/x", (ctx) => ctx.reply("fine"));
    await using client = connectClient(router);

    for (const bad of ["{", "", "[]", "null", '{"id":1}', "\u0000"]) client.sendRaw(bad);
    client.sendRaw(Uint8Array.of(0xff, 0xff));
    client.sendRaw('{"id":"known","path":"/x","data":1}}');

    expect(client.received.map(({ error }) => error?.code)).toEqual(Array(8).fill("BAD_MESSAGE"));
    expect(client.received.at(-1)).toMatchObject({ id: "known" });
    expect(await client.request("/x").catch(() => client.receive())).toBeDefined();
    expect(client.connection.closed).toBeUndefined();
  });

  test("is answered in the encoding of the socket, else in the router's first", async () => {
    const router = new Router().use(msgpack(), json());
    await using unknown = connectClient(router, { codec: msgpackCodec });
    await using binary = connectClient(router, { codec: msgpackCodec, subprotocol: "velaros-msgpack" });

    unknown.sendRaw(Uint8Array.of(0xc1));
    binary.sendRaw(Uint8Array.of(0xc1));

    expect(unknown.received).toMatchObject([{ error: { code: "BAD_MESSAGE" } }]);
    expect(binary.received).toMatchObject([{ error: { code: "BAD_MESSAGE" } }]);
  });

  test("is found out late when only its data is broken [claim:109]", async () => {
    const errors: unknown[] = [];
    const router = new Router({ onError: (error) => errors.push(error) })
      .use(json())
      .bind("/x", async (ctx: Context) => ctx.reply({ got: await ctx.receive() }));
    await using client = connectClient(router);

    client.sendRaw('{"id":"1","path":"/x","data":{"broken":tru}}');

    expect(await client.receive()).toMatchObject({ id: "1", error: { code: "BAD_MESSAGE" } });
    expect(errors).toEqual([]);
  });

  test("may still be handled by somebody who reads bytes", async () => {
    const router = new Router().use(json()).use((ctx) => void ctx.socket.write(ctx.rawData, "text"));
    await using client = connectClient(router, {
      codec: { ...msgpackCodec, decode: () => ({ data: "raw" }) },
    });

    client.sendRaw("not json");

    expect(client.received).toEqual([{ data: "raw" }]);
  });
});

describe("a ReplyError", () => {
  test("carries the status that its handler has set", async () => {
    const router = new Router().use(json()).bind("/x", (ctx) => {
      ctx.status = 403;
      throw new ReplyError("FORBIDDEN", "Only moderators.");
    });
    await using client = connectClient(router);

    expect(await client.request("/x")).toMatchObject({ status: 403, error: { code: "FORBIDDEN" } });
  });

  test("answers with its code and is no failure", async () => {
    const errors: unknown[] = [];
    const router = new Router({ onError: (error) => errors.push(error) }).use(json()).bind("/x", () => {
      throw new ReplyError("FORBIDDEN", "Only moderators.", { retryAfterMs: 50, details: { room: "a" } });
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    client.send({ path: "/x" });

    const error = {
      code: "FORBIDDEN",
      message: "Only moderators.",
      retryAfterMs: 50,
      details: { room: "a" },
    };
    expect(client.received).toEqual([{ id: "1", error }, { error }]);
    expect(errors).toEqual([]);
  });

  test("whose details can't be encoded becomes INTERNAL and is reported", async () => {
    const errors: unknown[] = [];
    const router = new Router({ onError: (error) => errors.push(error.name) }).use(json()).bind("/x", () => {
      throw new ReplyError("MINE", "No.", { details: { big: 1n } });
    });
    await using client = connectClient(router);

    expect(await client.request("/x")).toMatchObject({ error: { code: "INTERNAL" } });
    expect(errors).toEqual(["CodecError"]);
  });
});

test("an answer that can't be encoded ends in INTERNAL, also when nobody waited for it [fault:S7]", async () => {
  const errors: string[] = [];
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const router = new Router({ onError: (error) => errors.push(error.name) })
    .use(json())
    .bind("/awaited", async (ctx) => ctx.reply(cycle))
    .bind("/forgotten", (ctx) => void ctx.reply(1n))
    .bind("/returned", () => cycle);
  await using client = connectClient(router);

  for (const path of ["/awaited", "/forgotten", "/returned"]) {
    expect(await client.request(path)).toMatchObject({ error: { code: "INTERNAL" } });
  }
  expect(errors).toEqual(["CodecError", "CodecError", "CodecError"]);
});
