import { describe, expect, test } from "vitest";
import { type Context, Router, VelarosError } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

const quiet = { onError: () => {} };

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** The code of what a promise rejects with. */
function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "resolved",
    (error: unknown) => (VelarosError.is(error) ? error.code : error),
  );
}

describe("messages with the same id", () => {
  test("are handled one after the other, in the order they came; others meanwhile [quirk:Q40]", async () => {
    const log: string[] = [];
    const gates = [gate(), gate(), gate(), gate()];
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      const n = ctx.unmarshal<number>();
      log.push(`${n} in`);
      await gates[n]?.opened;
      log.push(`${n} out`);
    });
    await using client = connectClient(router);

    for (const data of [0, 1, 2, 3]) client.send({ id: data === 3 ? "other" : "same", path: "/x", data });
    expect(log).toEqual(["0 in", "3 in"]);
    for (const { open } of gates.toReversed()) open();

    await expect
      .poll(() => log)
      .toEqual(["0 in", "3 in", "3 out", "0 out", "1 in", "1 out", "2 in", "2 out"]);
  });

  test("handed in by the very handler of one wait for its end, and leave nothing behind", async () => {
    const log: string[] = [];
    const router = new Router().use(json()).bind("/x", (ctx) => {
      const [name, ...inner] = ctx.unmarshal<string[]>();
      log.push(`${name} in`);
      for (const id of inner) client.send({ id, path: "/x", data: [`${name} ${id}`] });
      log.push(`${name} out`);
    });
    await using client = connectClient(router);
    const done = (name: string): string[] => [`${name} in`, `${name} out`];

    for (const name of ["1", "2"]) {
      log.length = 0;
      client.send({ id: "a", path: "/x", data: [name, "b", "a", "b"] });
      const during = [...done(`${name} b`), ...done(`${name} b`)];
      await expect.poll(() => log).toEqual([`${name} in`, ...during, `${name} out`, ...done(`${name} a`)]);
    }
  });

  test("of different sockets do not wait for each other", async () => {
    const router = new Router().use(json()).bind("/x", () => new Promise(() => {}));
    await using first = connectClient(router);
    await using second = connectClient(router);
    let entered = 0;
    router.use("/never", () => {});
    router.bind("/y", () => void (entered += 1));

    first.send({ id: "same", path: "/x" });
    second.send({ id: "same", path: "/y" });

    expect(entered).toBe(1);
  });

  test("may be many: each is answered once, in order [claim:108 quirk:Q13]", async () => {
    const router = new Router().use(json()).use(
      "/sub",
      new Router().use(json()).bind("/x", async (ctx) => ctx.unmarshal()),
    );
    await using client = connectClient(router);

    for (let data = 0; data < 200; data += 1) client.send({ id: "1", path: "/sub/x", data });

    for (let data = 0; data < 200; data += 1) expect(await client.receive()).toEqual({ id: "1", data });
  });

  test("pass a second codec and a changed id [quirk:Q14]", async () => {
    const router = new Router()
      .use(json(), json())
      .use((ctx) => {
        void ctx.setMessageId(ctx.messageId);
        return ctx.next();
      })
      .bind("/changed", async (ctx) => {
        await ctx.setMessageId("changed");
        await ctx.reply("renamed");
      })
      .bind("/x", (ctx) => ctx.reply("fine"));
    await using client = connectClient(router);

    for (let round = 0; round < 2; round += 1) {
      client.send({ id: "1", path: "/x" });
      client.send({ id: "1", path: "/changed" });
      expect(await client.receive()).toEqual({ id: "1", data: { message: "fine" } });
      expect(await client.receive()).toEqual({ id: "changed", data: { message: "renamed" } });
    }
  });

  test("that wait for their turn when the socket closes are not handled", async () => {
    let runs = 0;
    const router = new Router().use(json()).bind("/x", (ctx) => {
      runs += 1;
      return ctx.done;
    });
    const client = connectClient(router);

    for (let count = 0; count < 5; count += 1) client.send({ id: "same", path: "/x" });
    await client.close();

    expect(runs).toBe(1);
  });
});

test("conversations of a router that is mounted twice stay at the mount where they began", async () => {
  const talk = new Router().bind("/talk", async (ctx) => {
    await ctx.receive();
    return { at: ctx.path, got: await ctx.receive() };
  });
  const router = new Router().use(json()).use("/a", talk).use("/b", talk);
  await using client = connectClient(router);

  client.send({ id: "1", path: "/a/talk", data: 1 });
  client.send({ id: "2", path: "/b/talk", data: 1 });
  client.send({ id: "2", data: "two" });
  client.send({ id: "1", data: "one" });

  const answers = [await client.receive(), await client.receive()];
  expect(new Map(answers.map(({ id, data }) => [id, data]))).toEqual(
    new Map([
      ["1", { at: "/a/talk", got: "one" }],
      ["2", { at: "/b/talk", got: "two" }],
    ]),
  );
});

describe("receive", () => {
  test("returns the message that started the handler, then each further one with its id", async () => {
    const router = new Router().use(json()).bind("/sum", async (ctx) => {
      let sum = 0;
      for (let count = 0; count < 3; count += 1) sum += await ctx.receive<number>();
      await ctx.reply({ sum });
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/sum", data: 1 });
    client.send({ id: "1", path: "/sum", data: 20 });
    client.send({ id: "2", path: "/sum", data: 5 });
    client.send({ id: "1", path: "/sum", data: 300 });

    expect(await client.receive()).toEqual({ id: "1", data: { sum: 321 } });
  });

  test("gets follow-ups without a path [quirk:Q15]", async () => {
    const seen: string[] = [];
    const router = new Router()
      .use(json())
      .use("/chat", (ctx) => {
        seen.push(`${ctx.path} ${String(ctx.unmarshal())}`);
        return ctx.next();
      })
      .bind("/chat/:room", async (ctx) =>
        ctx.reply([await ctx.receive(), await ctx.receive(), await ctx.receive()]),
      );
    await using client = connectClient(router);

    client.send({ id: "1", path: "/chat/a", data: "x" });
    client.send({ id: "1", data: "y" });
    client.send({ id: "1", data: "z" });

    expect(await client.receive()).toEqual({ id: "1", data: ["x", "y", "z"] });
    expect(seen).toEqual(["/chat/a x", "/chat/a y", "/chat/a z"]);
  });

  test("is left alone by messages with its id and another path, matched or not [quirk:Q15]", async () => {
    const router = new Router()
      .use(json())
      .bind("/wait", async (ctx) => ctx.reply([await ctx.receive(), await ctx.receive()]))
      .bind("/other", (ctx) => ctx.reply("other"));
    await using client = connectClient(router);

    client.send({ id: "1", path: "/wait", data: "a" });
    await expect.poll(() => client.connection.settled.length).toBe(0);
    client.send({ id: "1", path: "/other", data: "not for you" });
    expect(await client.receive()).toEqual({ id: "1", data: { message: "other" } });
    client.send({ id: "1", path: "/unmatched", data: "nor this" });
    expect(await client.receive()).toMatchObject({ id: "1", error: { code: "NOT_FOUND" } });
    client.send({ id: "1", path: "/wait", data: "b" });

    expect(await client.receive()).toEqual({ id: "1", data: ["a", "b"] });
  });

  test("gets follow-ups without a path, which start no handler when it ends without taking them", async () => {
    let runs = 0;
    const router = new Router().use(json()).bind("/ask", async (ctx) => {
      runs += 1;
      await ctx.receive();
      await Promise.all([ctx.request("1"), ctx.request("2")]);
    });
    await using client = connectClient(router);

    client.send({ id: "a", path: "/ask", data: 0 });
    await expect.poll(() => client.received.length).toBe(2);
    const [first, second] = [await client.receive(), await client.receive()];
    client.send({ id: first.id, data: 1 });
    client.send({ id: "a", data: "nobody asked" });
    client.send({ id: second.id, data: 2 });

    expect(await client.receive()).toMatchObject({ id: "a", error: { code: "NOT_FOUND" } });
    expect(runs).toBe(1);
  });

  test("works behind a nested router, and starts no second run [quirk:Q16 quirk:Q17]", async () => {
    let runs = 0;
    const sub = new Router().bind("/talk", async (ctx) => {
      runs += 1;
      const heard: unknown[] = [];
      for (let count = 0; count < 4; count += 1) heard.push(await ctx.receive());
      await ctx.reply(heard);
    });
    const router = new Router()
      .use(json())
      .use(new Router().bind("/elsewhere", () => {}))
      .use("/api", new Router().use("/v1", sub));
    await using client = connectClient(router);

    for (const data of [1, 2, 3, 4]) client.send({ id: "1", path: "/api/v1/talk", data });

    expect(await client.receive()).toEqual({ id: "1", data: [1, 2, 3, 4] });
    expect(runs).toBe(1);
  });

  test("leaves the message readable for what comes after next [quirk:Q18]", async () => {
    const after: unknown[] = [];
    const router = new Router()
      .use(json())
      .use(async (ctx) => {
        await ctx.next();
        after.push([ctx.path, ctx.messageId, ctx.unmarshal()]);
      })
      .bind("/x", async (ctx) => ctx.reply([await ctx.receive(), await ctx.receive()]));
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "a" });
    client.send({ id: "1", path: "/x", data: "b" });
    await client.receive();

    await expect.poll(() => after.length).toBe(2);
    expect(after).toContainEqual(["/x", "1", "a"]);
    expect(after).toContainEqual(["/x", "1", "b"]);
  });

  test("skips messages without data, the first one too", async () => {
    const router = new Router()
      .use(json())
      .bind("/x", async (ctx) => ctx.reply([await ctx.receive(), await ctx.receive()]));
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    client.send({ id: "1", path: "/x" });
    client.send({ id: "1", data: null });
    client.send({ id: "1" });
    client.send({ id: "1", data: false });

    expect(await client.receive()).toEqual({ id: "1", data: [null, false] });
  });

  test("a second one fails at once when the client gave no id", async () => {
    const codes: unknown[] = [];
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.receive();
      codes.push(await codeOf(ctx.receive()));
    });
    await using client = connectClient(router);

    client.send({ path: "/x", data: 1 });

    await expect.poll(() => codes).toEqual(["VELAROS_ID_REQUIRED"]);
  });

  test("takes further messages; unmarshal stays with the one that started the handler", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      const before = ctx.unmarshal();
      const received = [await ctx.receive(), await ctx.receive()];
      return { before, received, after: ctx.unmarshal() };
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "first" });
    client.send({ id: "1", path: "/x", data: "second" });

    expect((await client.receive()).data).toEqual({
      before: "first",
      received: ["first", "second"],
      after: "first",
    });
  });

  test("times out and keeps what comes late for the next receive [quirk:Q19]", async () => {
    const log: unknown[] = [];
    const late = gate();
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.receive();
      log.push(await codeOf(ctx.receive({ timeoutMs: 5 })));
      await late.opened;
      log.push(await ctx.receive());
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "trigger" });
    await expect.poll(() => log).toEqual(["VELAROS_RECEIVE_TIMEOUT"]);
    client.send({ id: "1", data: "late" });
    late.open();

    await expect.poll(() => log).toEqual(["VELAROS_RECEIVE_TIMEOUT", "late"]);
  });

  test("keeps a message that is still on its way when time runs out", async () => {
    const log: unknown[] = [];
    const slow = gate();
    const timedOut = gate();
    const router = new Router()
      .use(json())
      .use(async (ctx) => {
        if (ctx.unmarshal() === "slow") await slow.opened;
        await ctx.next();
      })
      .bind("/x", async (ctx) => {
        log.push(await ctx.receive(), await codeOf(ctx.receive({ timeoutMs: 5 })));
        await timedOut.opened;
        log.push(await ctx.receive());
      });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "trigger" });
    client.send({ id: "1", path: "/x", data: "slow" });
    await expect.poll(() => log).toEqual(["trigger", "VELAROS_RECEIVE_TIMEOUT"]);
    slow.open();
    await Promise.resolve();
    timedOut.open();

    await expect.poll(() => log).toEqual(["trigger", "VELAROS_RECEIVE_TIMEOUT", "slow"]);
  });

  test("follow-ups that a handler leaves behind are handled as new messages, one at a time", async () => {
    let running = 0;
    let most = 0;
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      running += 1;
      most = Math.max(most, running);
      const first = await ctx.receive();
      const second = first === "pair" ? await ctx.receive() : undefined;
      await ctx.reply([first, second ?? null]);
      running -= 1;
    });
    await using client = connectClient(router);

    for (const data of ["pair", 1, 2, "pair", 3, 4]) client.send({ id: "1", path: "/x", data });

    const heard: unknown[] = [];
    for (let count = 0; count < 4; count += 1) heard.push((await client.receive()).data);
    expect(heard).toEqual([
      ["pair", 1],
      [2, null],
      ["pair", 3],
      [4, null],
    ]);
    expect(most).toBe(1);
  });

  test("ends early by a signal, which the error tells apart", async () => {
    const abort = new AbortController();
    const reasons: unknown[] = [];
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.receive();
      await ctx.receive({ signal: abort.signal }).catch((error: unknown) => reasons.push(error));
      await ctx.receive({ signal: abort.signal }).catch((error: unknown) => reasons.push(error));
      reasons.push(await ctx.receive());
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: 0 });
    await Promise.resolve();
    abort.abort("enough");
    client.send({ id: "1", data: "after" });

    await expect.poll(() => reasons).toEqual(["enough", "enough", "after"]);
  });

  test("given up by a signal leaves the next message to the next receive", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.receive();
      const stop = new AbortController();
      const first = codeOf(ctx.receive({ signal: stop.signal }));
      stop.abort("given up");
      return [await first, await ctx.receive()];
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "first" });
    client.send({ id: "1", data: "second" });

    expect((await client.receive()).data).toEqual(["given up", "second"]);
  });

  test("that can't decode rejects, and the next one gets the next message", async () => {
    const seen: unknown[] = [];
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      seen.push(await ctx.receive());
      seen.push(await ctx.receive().catch((error: Error) => error.name));
      seen.push(await ctx.receive());
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "fine" });
    client.sendRaw('{"id":"1","data":[tru]}');
    client.send({ id: "1", data: "fine again" });

    await expect.poll(() => seen).toEqual(["fine", "CodecError", "fine again"]);
  });

  test("gives every handler of the chain the message that started it; raw gives bytes", async () => {
    const router = new Router()
      .use(json())
      .use(async (ctx) => {
        ctx.set("peeked", await ctx.receive());
        await ctx.next();
      })
      .bind("/x", async (ctx) =>
        ctx.reply([ctx.get("peeked"), new TextDecoder().decode(await ctx.receiveRaw())]),
      );
    await using client = connectClient(router);

    expect(await client.request("/x", { a: 1 })).toMatchObject({ data: [{ a: 1 }, '{"a":1}'] });
  });

  test("is refused in open handlers, and after the handler has ended, which is reported", async () => {
    const codes: unknown[] = [];
    const reported: unknown[] = [];
    let kept: Context | undefined;
    const router = new Router({ onError: (error) => reported.push(VelarosError.is(error) && error.code) })
      .use(json())
      .useOpen(async (ctx) => void codes.push(await codeOf(ctx.receive())))
      .bind("/x", (ctx) => {
        kept = ctx as Context;
      });
    await using client = connectClient(router);
    await expect.poll(() => codes.length).toBe(1);

    client.send({ id: "1", path: "/x" });
    if (kept !== undefined) codes.push(await codeOf(kept.receive()), await codeOf(kept.reply("late")));

    expect(codes).toEqual(["VELAROS_NO_MESSAGE", "VELAROS_CONTEXT_FINISHED", "VELAROS_CONTEXT_FINISHED"]);
    expect(reported).toEqual(["VELAROS_CONTEXT_FINISHED", "VELAROS_CONTEXT_FINISHED"]);
    expect(client.received).toEqual([]);
  });
});

describe("request", () => {
  test("asks with the client's id and the path; the answer needs only the id [claim:78 claim:79 claim:80]", async () => {
    const router = new Router().use(json()).bind("/monitor/start", async (ctx) => {
      for (let round = 0; round < 3; round += 1) {
        const load = await ctx.request<{ load: number }>({ want: "load" });
        await ctx.push({ seen: load.load });
      }
    });
    await using client = connectClient(router);

    client.send({ id: "m", path: "/monitor/start" });
    for (let load = 0; load < 3; load += 1) {
      expect(await client.receive()).toEqual({ id: "m", path: "/monitor/start", data: { want: "load" } });
      client.send({ id: "m", data: { load } });
      expect(await client.receive()).toEqual({ data: { seen: load } });
    }
  });

  test("uses a fresh id when the client gave none [quirk:Q20]", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => ctx.push(await ctx.request("?")));
    await using client = connectClient(router);

    client.send({ path: "/x" });
    const question = await client.receive();
    expect(question).toMatchObject({ path: "/x", data: { message: "?" } });
    expect(question.id).toMatch(/^[0-9a-f-]{36}$/);
    client.send({ id: question.id, data: "!" });

    expect(await client.receive()).toEqual({ data: { message: "!" } });
    expect(client.connection.requestsDone).toEqual([question.id]);
  });

  test("several at once get ids of their own and their own answers", async () => {
    const router = new Router()
      .use(json())
      .bind("/x", async (ctx) =>
        ctx.reply(await Promise.all(["a", "b", "c"].map((question) => ctx.request(question)))),
      );
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    const questions = [await client.receive(), await client.receive(), await client.receive()];
    expect(new Set(questions.map(({ id }) => id)).size).toBe(3);
    expect(questions[0]?.id).toBe("1");
    for (const { id, data } of questions.toReversed()) client.send({ id, path: "/x", data: { for: data } });

    expect(await client.receive()).toEqual({
      id: "1",
      data: ["a", "b", "c"].map((message) => ({ for: { message } })),
    });
  });

  test("ends with undefined when the answer has no data: it used to wait for another one", async () => {
    let socket: Context["socket"] | undefined;
    const router = new Router()
      .use(json())
      .useOpen((ctx) => {
        socket = ctx.socket;
      })
      .bind("/x", async (ctx) => {
        const answers = [await ctx.request("ready?"), await ctx.request("again?")];
        return {
          count: answers.length,
          answers: answers.map(String),
          raw: (await ctx.requestRaw("?")).length,
        };
      });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    for (let count = 0; count < 3; count++) {
      const { id } = await client.receive();
      client.send(count === 1 ? { id, path: "/x" } : { id });
    }
    expect((await client.receive()).data).toEqual({ count: 2, answers: ["undefined", "undefined"], raw: 0 });

    const answer = socket?.request("still there?");
    const { id } = await client.receive();
    client.send({ id });
    expect(await answer).toBeUndefined();
  });

  test("takes an empty answer for its own while a receive next to it goes on waiting for data", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      await ctx.receive();
      const received = ctx.receive();
      const answer = ctx.request("?");
      return { answer: String(await answer), received: await received };
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x", data: "start" });
    const question = await client.receive();
    expect(question.id).not.toBe("1");
    client.send({ id: "1" });
    client.send({ id: question.id });
    client.send({ id: "1", data: "late" });

    expect((await client.receive()).data).toEqual({ answer: "undefined", received: "late" });
  });

  test("gets an answer that comes in the same turn", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => ctx.reply(await ctx.request("?")));
    const answer = new TextEncoder().encode('{"id":"1","data":"at once"}');
    const client = connectClient(router, {
      onSend: ({ purpose }) => {
        if (purpose === "request") client.connection.inlet.message({ bytes: answer, type: "text" });
      },
    });

    client.send({ id: "1", path: "/x" });

    expect(await client.receive()).toMatchObject({ id: "1", data: { message: "?" } });
    expect(await client.receive()).toEqual({ id: "1", data: { message: "at once" } });
  });

  test("does not take an answer that came too late for the answer to the next question [claim:83]", async () => {
    const log: unknown[] = [];
    const next = gate();
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      log.push(await codeOf(ctx.request("first", { timeoutMs: 5 })));
      await next.opened;
      log.push(await ctx.request("second"));
    });
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    const first = await client.receive();
    await expect.poll(() => log).toEqual(["VELAROS_REQUEST_TIMEOUT"]);
    client.send({ id: first.id, data: "too late" });
    next.open();
    const second = await client.receive();
    expect(second.id).not.toBe(first.id);
    client.send({ id: second.id, data: "in time" });

    await expect.poll(() => log).toEqual(["VELAROS_REQUEST_TIMEOUT", "in time"]);
  });

  test("does not take it either when the earlier question was given up by a signal", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      const stop = new AbortController();
      const first = codeOf(ctx.request("first", { signal: stop.signal }));
      stop.abort("given up");
      return [await first, await ctx.request("second")];
    });
    await using client = connectClient(router);

    const answer = client.request("/x");
    const [first, second] = [await client.receive(), await client.receive()];
    client.send({ id: first.id, data: "too late" });
    client.send({ id: second.id, data: "in time" });

    expect((await answer).data).toEqual(["given up", "in time"]);
  });

  test("finds its answer behind middleware that rewrites paths, though the client gave no id", async () => {
    const paths: string[] = [];
    const router = new Router()
      .use(json())
      .use((ctx) => {
        paths.push(ctx.path);
        ctx.setMessagePath(`/v1${ctx.path}`);
        return ctx.next();
      })
      .bind("/v1/x", async (ctx) => ctx.push(await ctx.request("?")));
    await using client = connectClient(router);

    client.send({ path: "/x" });
    const question = await client.receive();
    client.send({ id: question.id, data: "answer" });

    expect(await client.receive()).toEqual({ data: { message: "answer" } });
    expect(paths).toEqual(["/x", "/x"]);
  });

  test("and receive refuse a time that is none, before anything is sent", async () => {
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      const timeoutMs = Number.NaN;
      const waits = [
        ctx.receive({ timeoutMs }),
        ctx.request("?", { timeoutMs }),
        ctx.socket.request("?", { timeoutMs: -1 }),
      ];
      return Promise.all(waits.map(codeOf));
    });
    await using client = connectClient(router);

    expect((await client.request("/x")).data).toEqual(Array(3).fill("VELAROS_OPTION_INVALID"));
    expect(client.received).toEqual([]);
  });

  test("waits as long as the router says, unless it says itself", async () => {
    const router = new Router({ requestTimeoutMs: 5 })
      .use(json())
      .bind("/x", async (ctx) => ctx.reply(await codeOf(ctx.request("?"))));
    await using client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    await client.receive();

    expect(await client.receive()).toMatchObject({ data: { message: "VELAROS_REQUEST_TIMEOUT" } });
  });

  test("rejects at once when the socket closes [claim:81]", async () => {
    const codes: unknown[] = [];
    const router = new Router().use(json()).bind("/x", async (ctx) => {
      codes.push(await codeOf(ctx.request("?")), await codeOf(ctx.request("again?")));
    });
    const client = connectClient(router);

    client.send({ id: "1", path: "/x" });
    await client.close();

    await expect.poll(() => codes).toEqual(["VELAROS_SOCKET_CLOSED", "VELAROS_SOCKET_CLOSED"]);
  });

  test("from outside of any handler reaches the client through its socket", async () => {
    let socket: Context["socket"] | undefined;
    const router = new Router().use(json()).useOpen((ctx) => {
      socket = ctx.socket;
    });
    await using client = connectClient(router);

    const answer = socket?.request("still there?", { path: "/alive" });
    const question = await client.receive();
    expect(question).toMatchObject({ path: "/alive", data: { message: "still there?" } });
    client.send({ id: question.id, path: "/alive", data: "yes" });

    expect(await answer).toBe("yes");
    expect(await codeOf(socket?.request("?", { timeoutMs: 5 }) ?? Promise.resolve())).toBe(
      "VELAROS_REQUEST_TIMEOUT",
    );
  });
});

test("a handler that waits leaves other messages alone [claim:84]", async () => {
  const router = new Router(quiet)
    .use(json())
    .bind("/monitor", async (ctx) => ctx.request("?"))
    .bind("/chat", (ctx) => ctx.reply("at once"));
  await using client = connectClient(router);

  client.send({ id: "m", path: "/monitor" });
  await client.receive();

  expect(await client.request("/chat")).toMatchObject({ data: { message: "at once" } });
});
