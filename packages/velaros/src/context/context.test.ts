import { describe, expect, test } from "vitest";
import { type Context, Router, VelarosError } from "../index.ts";
import { json } from "../json.ts";
import { connectClient, socketPair } from "../testing/index.ts";

/** Runs `handle` for one message of a fresh connection; returns what it returns. */
async function inHandler<Value>(
  handle: (context: Context) => Value | Promise<Value>,
  options: Parameters<typeof connectClient>[1] = {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const router = new Router({ onError: reject }).use(json()).bind("/path/:id", async (ctx) => {
      resolve(await handle(ctx as unknown as Context));
    });
    const client = connectClient(router, options);
    client.send({ id: "the-id", path: "/path/7", data: { a: 1 }, meta: { tenant: "acme", __proto__: 1 } });
  });
}

/** The code of what `action` throws. */
function codeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return VelarosError.is(error) ? error.code : error;
  }
}

describe("a context", () => {
  test("tells everything about the message and the connection [claim:30]", async () => {
    const seen = await inHandler(
      (ctx) => ({
        socketId: [ctx.socketId, ctx.socket.id],
        message: [ctx.messageId, ctx.path, ctx.messageType],
        data: new TextDecoder().decode(ctx.data),
        raw: new TextDecoder().decode(ctx.rawData),
        params: [ctx.params.get("id"), ctx.params.get("ID"), ctx.params.get("none")],
        meta: [ctx.meta("tenant"), ctx.meta("none"), ctx.meta("toString")],
        from: [ctx.remoteAddress, ctx.remoteAddr, ctx.headers["user-agent"]],
      }),
      { socketId: "s-1", remoteAddress: "10.0.0.1", headers: { "user-agent": "tests" } },
    );

    expect(seen).toEqual({
      socketId: ["s-1", "s-1"],
      message: ["the-id", "/path/7", "text"],
      data: '{"a":1}',
      raw: expect.stringContaining('"path":"/path/7"'),
      params: ["7", "7", ""],
      meta: ["acme", undefined, undefined],
      from: ["10.0.0.1", "10.0.0.1", "tests"],
    });
  });

  test("makes up an id when the client sent none, and keeps it to itself [quirk:Q21 claim:27]", async () => {
    const ids: string[] = [];
    const router = new Router().use(json()).bind("/x", (ctx) => {
      ids.push(ctx.messageId, ctx.messageId);
      return ctx.reply("hello");
    });
    await using client = connectClient(router);

    client.send({ path: "/x" });

    expect(client.received).toEqual([{ data: { message: "hello" } }]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids[1]).toBe(ids[0]);
  });

  test("aborts its signal when the chain has ended; done resolves then", async () => {
    const signals: AbortSignal[] = [];
    const done: string[] = [];
    const router = new Router().use(json()).bind("/x", (ctx) => {
      signals.push(ctx.signal);
      void ctx.done.then(() => done.push(ctx.path));
      return ctx.reply(ctx.signal.aborted);
    });
    await using client = connectClient(router);

    expect(await client.request("/x")).toMatchObject({ data: false });

    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await expect.poll(() => done).toEqual(["/x"]);
  });
});

describe("storage", () => {
  test("of a message lasts as long as its chain; names of prototypes are names like any other", async () => {
    expect(
      await inHandler((ctx) => {
        const before = [ctx.get("constructor"), ctx.get("__proto__"), codeOf(() => ctx.mustGet("toString"))];
        ctx.set("__proto__", 0);
        ctx.set("undefined", undefined);
        ctx.set("gone", 1);
        ctx.delete("gone");
        return [
          ...before,
          ctx.mustGet("__proto__"),
          ctx.mustGet("undefined"),
          codeOf(() => ctx.mustGet("gone")),
        ];
      }),
    ).toEqual([undefined, undefined, "VELAROS_VALUE_MISSING", 0, undefined, "VELAROS_VALUE_MISSING"]);
  });

  test("of a socket is shared by its messages and by nobody else [claim:35 claim:36 claim:19]", async () => {
    const router = new Router({ onError: () => {} })
      .use(json())
      .bind("/login", (ctx) => ctx.setOnSocket("user", ctx.unmarshal()))
      .bind("/logout", (ctx) => ctx.deleteFromSocket("user"))
      .bind("/who", (ctx) => ctx.reply([ctx.hasOnSocket("user"), ctx.mustGetFromSocket("user")]));
    await using alice = connectClient(router);
    await using other = connectClient(router);

    alice.send({ path: "/login", data: "Alice" });

    expect(await alice.request("/who")).toMatchObject({ data: [true, "Alice"] });
    expect(await other.request("/who")).toMatchObject({ error: { code: "INTERNAL" } });
    alice.send({ path: "/logout" });
    expect(await alice.request("/who")).toMatchObject({ error: { code: "INTERNAL" } });
  });

  test("says what is missing and what to do", async () => {
    await expect(
      inHandler((ctx) => ctx.mustGetFromSocket("user")),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[VelarosError: Nothing is stored on the socket under "user". Set it with setOnSocket in an earlier handler, or use getFromSocket.]`,
    );
  });
});

describe("sending", () => {
  test("answers several times, in order, with the id and in the kind of frame of the message [claim:101]", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.reply(1);
      await ctx.send(2);
      await ctx.reply();
    });
    await using client = connectClient(router);

    client.sendRaw('{"id":"t","path":"/x"}', "text");
    await expect.poll(() => client.connection.settled.length).toBe(1);
    client.sendRaw(new TextEncoder().encode('{"id":"b","path":"/x"}'), "binary");
    await expect.poll(() => client.connection.settled.length).toBe(2);

    expect(client.received).toEqual([
      { id: "t", data: 1 },
      { id: "t", data: 2 },
      { id: "t" },
      { id: "b", data: 1 },
      { id: "b", data: 2 },
      { id: "b" },
    ]);
    expect(client.connection.sent.map(({ type }) => type)).toEqual([
      ...Array<string>(3).fill("text"),
      ...Array<string>(3).fill("binary"),
    ]);
  });

  test("carries the status of its message only, which leaves the connection alone [claim:99 claim:100]", async () => {
    const router = new Router().use(json()).bind("/health", (ctx) => {
      if (ctx.unmarshal() === "bad") ctx.status = 503;
      return ctx.reply({ ok: ctx.status === 0 });
    });
    await using client = connectClient(router);

    expect(await client.request("/health", "bad")).toEqual({
      id: "request-1",
      status: 503,
      data: { ok: false },
    });
    expect(await client.request("/health", "fine")).toEqual({ id: "request-2", data: { ok: true } });
  });

  test("waits for room when the client is slow", async () => {
    const log: string[] = [];
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.reply("first");
      log.push("room");
    });
    await using client = connectClient(router);
    client.connection.fallBehind();

    await client.request("/x");
    expect(log).toEqual([]);
    client.connection.catchUp();

    await expect.poll(() => log).toEqual(["room"]);
  });

  test("tells the connection what it answers, and when the chain has ended", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.reply("reply");
      await ctx.push("push", { path: "/news" });
      await ctx.socket.push("socket push");
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });

    await expect.poll(() => client.connection.settled.length).toBe(1);
    const [message] = client.connection.settled;
    expect(client.connection.sent.map(({ purpose, about }) => [purpose, about])).toEqual([
      ["reply", message],
      ["push", undefined],
      ["push", undefined],
    ]);
    expect(client.received.slice(1)).toEqual([
      { path: "/news", data: { message: "push" } },
      { data: { message: "socket push" } },
    ]);
  });

  test("without a codec fails with the advice to add one", async () => {
    const errors: string[] = [];
    const router = new Router({ onError: (error) => errors.push(error.message) }).use((ctx) =>
      ctx.reply("hello"),
    );
    await using client = connectClient(router);

    client.sendRaw("anything");

    await expect.poll(() => errors).toEqual([expect.stringContaining("router.use(json())")]);
  });

  test("a marshaller and unmarshaler of one's own hold for the rest of the chain", async () => {
    const router = new Router()
      .use((ctx) => {
        ctx.setMessagePath("/upper");
        ctx.setMessageData(ctx.rawData);
        ctx.setMessageUnmarshaler((bytes) => new TextDecoder().decode(bytes).toUpperCase());
        ctx.setMessageMarshaller(({ data }) => JSON.stringify({ data }));
        return ctx.next();
      })
      .bind("/upper", (ctx) => ctx.reply(ctx.unmarshal()));
    await using client = connectClient(router);

    client.sendRaw("loud");

    expect(client.received).toEqual([{ data: "LOUD" }]);
  });

  test("a closed socket refuses everything, without bringing anybody down", async () => {
    const codes: unknown[] = [];
    let socket: Context["socket"] | undefined;
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      socket = ctx.socket;
      await ctx.done;
      void ctx.reply("nobody looks");
      for (const promise of [
        ctx.reply(1),
        ctx.push(1),
        ctx.request(1),
        ctx.receive(),
        ctx.socket.push(1),
        ctx.socket.request(1),
      ]) {
        codes.push(await promise.catch((error: unknown) => VelarosError.is(error) && error.code));
      }
    });
    const client = connectClient(router);
    client.send({ id: "1", path: "/x" });
    await client.close();

    await expect.poll(() => codes).toEqual(Array<string>(6).fill("VELAROS_SOCKET_CLOSED"));
    expect(codeOf(() => socket?.write("x", "text"))).toBe("VELAROS_SOCKET_CLOSED");
    expect(socket?.signal.aborted).toBe(true);
    expect(client.received).toEqual([]);
  });
});

describe("trusted facts", () => {
  test("come before what the client says; of a message before those of the connection", async () => {
    const router = new Router()
      .use(json())
      .useOpen((ctx) => ctx.setTrusted("role", "member"))
      .use("/admin", (ctx) => {
        ctx.setTrusted("role", "admin");
        return ctx.next();
      })
      .use((ctx) => ctx.reply([ctx.meta("role"), ctx.meta("user"), ctx.meta("said"), { ...ctx.trusted }]));
    await using client = connectClient(router, { trusted: { user: "alice" } });

    const meta = { role: "root", user: "mallory", said: "hi" };
    client.send({ id: "1", path: "/x", meta });
    client.send({ id: "2", path: "/admin", meta });
    client.send({ id: "3", path: "/x", meta });

    expect(client.received.map(({ data }) => data)).toEqual([
      ["member", "alice", "hi", { role: "member", user: "alice" }],
      ["admin", "alice", "hi", { role: "admin", user: "alice" }],
      ["member", "alice", "hi", { role: "member", user: "alice" }],
    ]);
  });
});

describe("what a gateway gets to forward", () => {
  test("is the client's bytes, where the data lies in them, and what middleware decided", async () => {
    const router = new Router().use(json());
    const forwarded: unknown[] = [];
    router.use((ctx) => {
      forwarded.push(ctx.forwardable());
      if (ctx.path === "/plain") return undefined;
      ctx.setMessagePath("/v2/x");
      ctx.setMessageData(new TextEncoder().encode("2"));
      ctx.setMessageMeta({ user: 1 });
      ctx.setTrusted("role", "admin");
      forwarded.push(ctx.forwardable());
      return undefined;
    });
    await using client = connectClient(router);

    client.sendRaw('{"id":"1","path":"/plain","data":1}');
    client.sendRaw('{"path":"/v1/x","meta":{"a":1}}');

    expect(forwarded).toMatchObject([
      {
        type: "text",
        bytes: new TextEncoder().encode('{"id":"1","path":"/plain","data":1}'),
        forwarded: { id: "1", path: "/plain", dataStart: 33, dataEnd: 34, hasMeta: false },
      },
      { forwarded: { id: undefined, path: "/v1/x", dataStart: -1, dataEnd: -1, hasMeta: true } },
      {
        forwarded: {
          id: undefined,
          path: "/v2/x",
          replacedData: new TextEncoder().encode("2"),
          replacedMeta: { user: 1 },
          trusted: { role: "admin" },
        },
      },
    ]);
  });

  test("stands in the service: nothing is read again [claim:106 claim:107]", async () => {
    const router = new Router()
      .use(json(), json())
      .publicBind("/real/:id", (ctx) =>
        ctx.reply([ctx.params.id, ctx.unmarshal(), ctx.meta("user"), ctx.meta("role")]),
      );
    await using client = connectClient(router, { publicOnly: true });

    client.connection.inlet.message({
      bytes: new TextEncoder().encode('{"id":"forged","path":"/forged","data":1,"meta":{"user":"mallory"}}'),
      type: "text",
      forwarded: {
        id: "real",
        path: "/real/7",
        dataStart: 39,
        dataEnd: 40,
        hasMeta: true,
        replacedMeta: { user: "alice" },
        trusted: { role: "admin" },
      },
    });

    expect(client.received).toEqual([{ id: "real", data: ["7", 1, "alice", "admin"] }]);
  });

  test("in an encoding that the service lacks is reported, and nothing is garbled [claim:28]", async () => {
    const errors: string[] = [];
    const onError = (error: Error): void => void errors.push(error.message);
    for (const router of [new Router({ onError }).use(json()), new Router({ onError })]) {
      const { inlet, sent } = socketPair(router, { codec: "msgpack", publicOnly: true });
      inlet.message({
        bytes: Uint8Array.of(0x80),
        type: "binary",
        forwarded: { id: "1", path: "/x", dataStart: -1, dataEnd: -1, hasMeta: false },
      });
      expect(sent).toEqual([]);
    }

    expect(errors).toEqual([
      expect.stringContaining("forwarded a message in msgpack; this router knows json."),
      expect.stringContaining("forwarded a message in msgpack; this router knows no encoding."),
    ]);
  });
});
