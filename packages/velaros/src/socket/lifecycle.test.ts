import { describe, expect, test } from "vitest";
import { type Context, Router, VelarosError } from "../index.ts";
import { json } from "../json.ts";
import { msgpack } from "../msgpack.ts";
import { connectClient, socketPair } from "../testing/index.ts";

const quiet = { onError: () => {} };

/** A promise that the test settles. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe("the open chain", () => {
  test("runs once, in order, before the first message is handled [claim:74]", async () => {
    const log: string[] = [];
    const ready = gate();
    const router = new Router()
      .useOpen(async () => {
        await ready.opened;
        log.push("first");
      })
      .useOpen(() => void log.push("second"))
      .use(json())
      .bind("/x", (ctx) => {
        log.push("message");
        return ctx.reply(null);
      });
    await using client = connectClient(router);

    const answers = Array.from({ length: 20 }, () => client.request("/x"));
    expect(client.connection.paused).toBe(true);
    ready.open();
    await Promise.all(answers);

    expect(log).toEqual(["first", "second", ...Array<string>(20).fill("message")]);
    expect(client.connection.paused).toBe(false);
  });

  test("goes on by itself; next only adds what comes after [claim:76]", async () => {
    const log: string[] = [];
    const router = new Router()
      .useOpen(async (ctx) => {
        log.push("1 in");
        await ctx.next();
        log.push("1 out");
      })
      .useOpen((ctx) => {
        log.push("2");
        return ctx.next();
      })
      .useOpen(() => void log.push("3"));
    await using client = connectClient(router);

    await expect.poll(() => log).toEqual(["1 in", "2", "3", "1 out"]);
    expect(client.connection.closed).toBeUndefined();
  });

  test("may send and ask, in the encoding of the router [quirk:Q23]", async () => {
    const answers: unknown[] = [];
    const router = new Router()
      .use(json())
      .useOpen(async (ctx) => {
        await ctx.reply("reply");
        await ctx.push("push", { path: "/greeting" });
        answers.push(await ctx.request("who?"), await ctx.socket.request("really?"));
      })
      .bind("/x", (ctx) => ctx.reply("open"));
    await using client = connectClient(router);

    expect(await client.receive()).toEqual({ data: { message: "reply" } });
    expect(await client.receive()).toEqual({ path: "/greeting", data: { message: "push" } });
    for (const data of ["me", "yes"]) {
      const question = await client.receive();
      client.send({ id: question.id, data });
    }
    expect(await client.request("/x")).toMatchObject({ data: { message: "open" } });
    expect(answers).toEqual(["me", "yes"]);
  });

  test("sends binary frames when the encoding is binary", () => {
    const router = new Router().use(msgpack()).useOpen((ctx) => ctx.push("hello"));
    const connection = socketPair(router);

    expect(connection.sent).toMatchObject([{ type: "binary", purpose: "push" }]);
  });

  test("that closes the socket stops, and no message is handled", async () => {
    const log: string[] = [];
    const router = new Router()
      .use(json())
      .useOpen((ctx) => ctx.closeWithStatus(4001, "not you"))
      .useOpen(() => void log.push("never"))
      .useClose((ctx) => void log.push(`closed ${ctx.closeStatus().status}`))
      .bind("/x", () => void log.push("message"));
    const client = connectClient(router);
    client.send({ path: "/x" });

    expect(await client.closed).toEqual({ status: 4001, reason: "not you", source: "server" });
    expect(log).toEqual(["closed 4001"]);
  });

  test("that throws closes with 1011 and is reported [quirk:Q24]", async () => {
    for (const open of [
      () => {
        throw new Error("no database");
      },
      () => Promise.reject(new Error("no database")),
    ]) {
      const log: string[] = [];
      const router = new Router({ onError: (error) => log.push(error.message) })
        .use(json())
        .useOpen(open)
        .useOpen(() => void log.push("never"))
        .useClose(() => void log.push("close handler"))
        .bind("/x", () => void log.push("message"));
      const client = connectClient(router);
      client.send({ path: "/x" });

      expect(await client.closed).toMatchObject({ status: 1011, source: "server" });
      expect(log).toEqual(["no database", "close handler"]);
    }
  });

  test("ends before the close chain begins, when the client leaves in the middle of it", async () => {
    const log: string[] = [];
    const router = new Router()
      .useOpen(async (ctx) => {
        await ctx.done;
        log.push("open ends");
      })
      .useOpen(() => void log.push("never"))
      .useClose(() => void log.push("close"));
    const client = connectClient(router);

    await client.close();

    expect(log).toEqual(["open ends", "close"]);
  });
});

describe("the close chain", () => {
  test("always runs all of its handlers once, in order, whoever closed and whatever they throw [claim:75 quirk:Q25]", async () => {
    const endings: [(context: Context) => void, number][] = [
      [(ctx) => ctx.close(), 1000],
      [(ctx) => ctx.socket.close(1013, "overloaded"), 1013],
    ];
    for (const [end, status] of endings) {
      const log: unknown[] = [];
      const router = new Router({ onError: (error) => log.push(error.message) })
        .use(json())
        .useOpen((ctx) => ctx.setOnSocket("since", 7))
        .useClose(() => {
          throw new Error("first fails");
        })
        .useClose(async () => {
          throw new Error("second fails");
        })
        .useClose((ctx) => void log.push(ctx.getFromSocket("since"), ctx.closeStatus().status))
        .bind("/x", end);
      const client = connectClient(router);

      client.send({ path: "/x" });
      await client.closed;
      client.connection.inlet.closed(1000, "again", "client");

      expect(log).toEqual(["first fails", "second fails", 7, status]);
      expect(client.connection.closeCount).toBe(1);
    }
  });

  test("sees the client's status, reason and source; only the first close counts [quirk:Q26]", async () => {
    const seen: unknown[] = [];
    const router = new Router().use(json()).useClose((ctx) => {
      ctx.closeWithStatus(4000, "ignored");
      seen.push(ctx.closeStatus());
    });
    const client = connectClient(router);

    await client.close(4321, "client's reason");

    expect(seen).toEqual([{ status: 4321, reason: "client's reason", source: "client" }]);
    expect(client.connection.closed).toEqual(seen[0]);
  });

  test("may send a farewell when the server closes, and not when the client is gone [quirk:Q23]", async () => {
    const failures: unknown[] = [];
    const router = new Router()
      .use(json())
      .useClose(async (ctx) => {
        await ctx.push("farewell").catch((error: unknown) => failures.push(error));
      })
      .bind("/leave", (ctx) => ctx.close());
    const server = connectClient(router);
    const client = connectClient(router);

    server.send({ path: "/leave" });
    await server.closed;
    await client.close();

    expect(server.received).toEqual([{ data: { message: "farewell" } }]);
    expect(client.received).toEqual([]);
    expect(failures).toEqual([expect.objectContaining({ code: "VELAROS_SOCKET_CLOSED" })]);
  });
});

test("chains that never end hold up the end of a connection for a while only", async () => {
  const log: string[] = [];
  const onError = (error: Error): void => void log.push(error.message.slice(0, 17));
  const router = new Router({ lifecycleTimeoutMs: 5, onError })
    .useOpen(() => new Promise(() => {}))
    .useClose(() => void log.push("first close handler"))
    .useClose(() => new Promise(() => {}));
  const client = connectClient(router);

  await client.close(4001, "bye");

  expect(log).toEqual(["The open handlers", "first close handler", "The close handlers".slice(0, 17)]);
  expect(client.connection.closed).toEqual({ status: 4001, reason: "bye", source: "client" });
  expect(client.connection.closeCount).toBe(1);
});

describe("after a close", () => {
  test("the handler goes on, next stops, no further message is handled, receives reject, signals abort [claim:81 claim:82]", async () => {
    const log: unknown[] = [];
    const router = new Router(quiet)
      .use(json())
      .bind("/wait", async (ctx) => {
        ctx.signal.addEventListener("abort", () => log.push("message signal"));
        ctx.socket.signal.addEventListener("abort", () => log.push("socket signal"));
        await ctx.receive().catch((error: unknown) => log.push(VelarosError.is(error) && error.code));
        await ctx.done;
        log.push("wait ends");
      })
      .bind(
        "/close",
        async (ctx) => {
          ctx.closeWithStatus(4001, "bye");
          log.push("goes on");
          await ctx.next();
          await ctx.reply("late").catch((error: unknown) => log.push(VelarosError.is(error) && error.code));
        },
        () => void log.push("never"),
      )
      .bind("/after", () => void log.push("never"));
    const client = connectClient(router);

    client.send({ id: "wait", path: "/wait" });
    client.send({ path: "/close" });
    client.send({ path: "/after" });
    await client.closed;

    await expect.poll(() => log).toContain("wait ends");
    expect(log).toHaveLength(6);
    expect(new Set(log)).toEqual(
      new Set(["goes on", "VELAROS_SOCKET_CLOSED", "message signal", "socket signal", "wait ends"]),
    );
    expect(client.received).toEqual([]);
  });

  test("closeStatus of an open connection is 0", async () => {
    const seen: unknown[] = [];
    const router = new Router().use(json()).use((ctx) => void seen.push(ctx.closeStatus()));
    await using client = connectClient(router);

    client.send({ path: "/x" });

    expect(seen).toEqual([{ status: 0, reason: "", source: "client" }]);
  });

  test("codes that must not be sent are an error at the call; long reasons are cut between characters [quirk:Q39]", async () => {
    const refused: unknown[] = [];
    const router = new Router().use(json()).use((ctx) => {
      for (const status of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
        try {
          ctx.closeWithStatus(status);
        } catch (error) {
          refused.push(VelarosError.is(error, "VELAROS_CLOSE_CODE_INVALID") && error.details.status);
        }
      }
      ctx.closeWithStatus(4999, "é".repeat(100));
    });
    const client = connectClient(router);

    client.send({ path: "/x" });

    expect(await client.closed).toEqual({ status: 4999, reason: "é".repeat(61), source: "server" });
    expect(refused).toEqual([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]);
  });
});
