import { expect, test } from "vitest";
import { type Context, Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

/** A route whose handlers end when the test says so. */
function held(): {
  readonly handle: (context: Context) => Promise<void>;
  readonly entered: number[];
  release(count?: number): void;
} {
  const waiting: (() => void)[] = [];
  const entered: number[] = [];
  return {
    entered,
    handle: (context) =>
      new Promise<void>((resolve) => {
        entered.push(context.unmarshal<number>());
        waiting.push(resolve);
      }),
    release(count = waiting.length) {
      for (const resolve of waiting.splice(0, count)) resolve();
    },
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test("handlers start in the order in which their messages came [quirk:Q40 claim:104]", async () => {
  const started: number[] = [];
  const router = new Router().use(json()).bind("/x", async (ctx) => {
    started.push(ctx.unmarshal<number>());
    await Promise.resolve();
  });
  await using client = connectClient(router);

  for (const data of numbers(500))
    client.send({ ...(data % 2 === 0 ? { id: `${data}` } : {}), path: "/x", data });

  await expect.poll(() => client.connection.settled.length).toBe(500);
  expect(started).toEqual(numbers(500));
});

test("no more handlers run at once than allowed; what waits stops the reading and keeps its order [quirk:Q38]", async () => {
  const route = held();
  const router = new Router().use(json()).bind("/x", route.handle);
  await using client = connectClient(router);

  for (const data of numbers(200)) client.send({ path: "/x", data });
  expect(route.entered).toEqual(numbers(64));
  expect(client.connection.paused).toBe(true);

  route.release(10);
  await expect.poll(() => route.entered).toEqual(numbers(74));
  while (client.connection.settled.length < 200) {
    route.release();
    await Promise.resolve();
  }
  expect(route.entered).toEqual(numbers(200));
  expect(client.connection.paused).toBe(false);
});

test("handlers that wait for the client do not count, and what they wait for passes the queue", async () => {
  const route = held();
  const router = new Router({ maxHandlersPerSocket: 2 })
    .use(json())
    .bind("/ask", async (ctx) => ctx.reply(await ctx.request("?")))
    .bind("/talk", async (ctx) => ctx.reply([await ctx.receive(), await ctx.receive()]))
    .bind("/x", route.handle);
  await using client = connectClient(router);

  for (const id of ["a", "b", "c"]) client.send({ id, path: "/ask" });
  client.send({ id: "t", path: "/talk", data: 1 });
  for (const data of numbers(5)) client.send({ path: "/x", data });
  await expect.poll(() => route.entered.length).toBe(2);
  const questions = [await client.receive(), await client.receive(), await client.receive()];
  expect(client.connection.paused).toBe(false);

  for (const { id } of questions) client.send({ id, data: "answer" });
  client.send({ id: "t", data: 2 });

  for (const { id } of questions) {
    expect(await client.receive()).toEqual({ id, data: { message: "answer" } });
  }
  expect(await client.receive()).toEqual({ id: "t", data: [1, 2] });
  expect(route.entered).toEqual([0, 1]);
  expect(client.connection.paused).toBe(true);
  while (client.connection.settled.length < 13) {
    route.release();
    await Promise.resolve();
  }
});

test("while reading can't stop, what exceeds the bound is refused", async () => {
  const route = held();
  const router = new Router({ maxHandlersPerSocket: 1, maxWaitingMessages: 3 })
    .use(json())
    .bind("/ask", async (ctx) => ctx.request("?"))
    .bind("/x", route.handle);
  await using client = connectClient(router);

  client.send({ id: "ask", path: "/ask" });
  await client.receive();
  for (const data of numbers(6)) client.send({ id: `${data}`, path: "/x", data });

  expect(client.received.map(({ id, error }) => [id, error?.code])).toEqual([
    ["4", "OVERLOADED"],
    ["5", "OVERLOADED"],
  ]);
  expect(client.connection.paused).toBe(false);
  while (client.connection.settled.length < 6) {
    route.release();
    await Promise.resolve();
  }
  expect(route.entered).toEqual([0, 1, 2, 3]);
});

test("messages with an id that is waited for can't pile up beyond the bound", async () => {
  const route = held();
  const router = new Router({ maxHandlersPerSocket: 1, maxWaitingMessages: 10 })
    .use(json())
    .bind("/ask", async (ctx) => {
      await ctx.request("?");
      await ctx.done;
    })
    .bind("/x", route.handle);
  await using client = connectClient(router);
  client.send({ id: "ask", path: "/ask" });
  client.send({ path: "/x", data: 0 });
  await client.receive();

  for (const data of numbers(1_000)) client.send({ id: "ask", path: "/x", data });

  const refused = client.received.filter(({ error }) => error?.code === "OVERLOADED");
  expect(refused.length).toBeGreaterThan(900);
});

test("handlers that wait for the client are bounded too [quirk:Q38]", async () => {
  const router = new Router({ maxWaitingMessages: 5 })
    .use(json())
    .bind("/ask", async (ctx) => ctx.reply(await ctx.request("?")));
  await using client = connectClient(router);

  for (const id of numbers(12)) client.send({ id: `${id}`, path: "/ask" });
  const questions = client.received.filter(({ path }) => path === "/ask").map(({ id }) => id);
  const refused = client.received.filter(({ error }) => error?.code === "OVERLOADED").map(({ id }) => id);
  expect(questions).toEqual(["0", "1", "2", "3", "4"]);
  expect(refused).toEqual(["10", "11"]);

  for (const id of numbers(10)) {
    await expect
      .poll(() => client.connection.sent.filter(({ purpose }) => purpose === "request").length)
      .toBeGreaterThan(id);
    client.send({ id: `${id}`, data: id });
  }
  await expect.poll(() => client.connection.settled.length).toBe(22);
  expect(client.received.filter(({ data }) => typeof data === "number").map(({ data }) => data)).toEqual(
    numbers(10),
  );
});

test("reading pauses as often as it is asked to, and is resumed as often", async () => {
  const router = new Router().use(json()).useOpen((ctx) => {
    ctx.socket.pauseReading();
    ctx.socket.pauseReading();
    ctx.setOnSocket("resume", () => ctx.socket.resumeReading());
  });
  let resume = (): void => {};
  router.useOpen((ctx) => {
    resume = ctx.mustGetFromSocket<() => void>("resume");
  });
  await using client = connectClient(router);

  expect(client.connection.paused).toBe(true);
  resume();
  expect(client.connection.paused).toBe(true);
  resume();
  expect(client.connection.paused).toBe(false);
  resume();
  expect(client.connection.paused).toBe(false);
});

test("messages that wait when the socket closes are not handled", async () => {
  const route = held();
  const router = new Router({ maxHandlersPerSocket: 1 }).use(json()).bind("/x", route.handle);
  const client = connectClient(router);
  for (const data of numbers(5)) client.send({ path: "/x", data });

  await client.close();
  route.release();
  client.send({ path: "/x", data: 99 });

  expect(route.entered).toEqual([0]);
});

test("a closed connection holds no messages but those that handlers still have", async () => {
  const route = held();
  const router = new Router({ maxHandlersPerSocket: 1 }).use(json()).bind("/x", route.handle);
  await using client = connectClient(router);
  for (const data of numbers(3)) client.send({ path: "/x", data });
  const { inlet } = client.connection;
  const bytesOfThree = inlet.heldBytes ?? 0;

  const closed = client.close();

  expect([bytesOfThree > 0, inlet.heldBytes]).toEqual([true, bytesOfThree / 3]);
  route.release();
  await closed;
  await expect.poll(() => inlet.heldBytes).toBe(0);
});

test("a message whose buffer a handler gives away is held no longer than its handler runs", async () => {
  const router = new Router().use(json()).bind("/x", (ctx) => {
    const { buffer } = ctx.rawData;
    if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
  });
  await using client = connectClient(router);

  client.sendRaw(new TextEncoder().encode('{"path":"/x"}').slice());

  await expect.poll(() => client.connection.settled.length).toBe(1);
  expect(client.connection.settled[0]?.bytes.byteLength).toBe(0);
  expect(client.connection.inlet.heldBytes).toBe(0);
});
