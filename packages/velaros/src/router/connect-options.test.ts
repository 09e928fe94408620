import { expect, test } from "vitest";
import { type InboundMessage, Router, type UnansweredEvent } from "../index.ts";
import { json } from "../json.ts";
import { type PairedConnection, socketPair } from "../testing/index.ts";

/** A message as a gateway hands it in. */
function forwarded(path: string | undefined, id: string): InboundMessage {
  const bytes = new TextEncoder().encode('{"data":1}');
  return { bytes, type: "text", forwarded: { id, path, dataStart: 8, dataEnd: 9, hasMeta: false } };
}

function received({ sent }: PairedConnection): readonly unknown[] {
  return sent.map(({ payload }) => JSON.parse(String(payload)));
}

test("a path that a connection may not ask for runs nothing at all, and is answered as one that nothing handles", () => {
  const ran: string[] = [];
  const unanswered: UnansweredEvent[] = [];
  const router = new Router({ onUnanswered: (event) => unanswered.push(event) })
    .use((ctx) => {
      ran.push("before the codec");
      return ctx.next();
    })
    .use(json())
    .use((ctx) => ctx.reply(ctx.path));
  const pair = socketPair(router, { codec: "json", allowsPath: (path) => path === "/a" });

  pair.inlet.message(forwarded("/b", "1"));
  pair.inlet.message(forwarded("/a", "2"));

  expect(received(pair)).toEqual([
    { id: "1", error: { code: "NOT_FOUND", message: "Nothing handles this path." } },
    { id: "2", data: { message: "/a" } },
  ]);
  expect(ran).toEqual(["before the codec"]);
  expect(unanswered).toMatchObject([{ code: "NOT_FOUND", id: "1", path: "/b" }]);
  expect(pair.settled).toHaveLength(2);
});

test("a message without path answers a conversation, whatever paths a connection may ask for", async () => {
  const router = new Router()
    .use(json())
    .bind("/a", (ctx) => ctx.request<unknown>("?").then(() => undefined));
  const pair = socketPair(router, { codec: "json", allowsPath: (path) => path === "/a" });

  pair.inlet.message(forwarded("/a", "1"));
  const question = String(pair.sent[0]?.about);
  pair.inlet.message(forwarded(undefined, question));

  await expect.poll(() => pair.settled.length).toBe(2);
  expect(received(pair)).toMatchObject([{ id: question, path: "/a" }]);
});

test("a message that waits for its turn is judged when that has come", async () => {
  const router = new Router({ maxHandlersPerSocket: 1 }).use(json()).bind("/:name", async (ctx) => {
    await Promise.resolve();
    return ctx.path;
  });
  let isOpen = true;
  const pair = socketPair(router, { codec: "json", allowsPath: () => isOpen });

  pair.inlet.message(forwarded("/a", "1"));
  pair.inlet.message(forwarded("/a", "2"));
  isOpen = false;
  await expect.poll(() => pair.settled.length).toBe(2);

  expect(received(pair)).toMatchObject([
    { id: "1", data: { message: "/a" } },
    { id: "2", error: { code: "NOT_FOUND" } },
  ]);
});

test("whoever takes in a connection hears of its errors beside the router, once each, and nothing is logged", async () => {
  const lines: unknown[] = [];
  const logger = { warn() {}, error: (...line: unknown[]) => void lines.push(line) };
  const heard: string[] = [];
  const listener = (error: Error): void => void heard.push(error.message);
  const fails = (): Router =>
    new Router({ logger })
      .use(json())
      .useOpen(() => {
        throw new Error("open");
      })
      .useClose(() => {
        throw new Error("close");
      });

  await expect.poll(() => socketPair(fails(), { onError: listener }).closed).toBeDefined();
  const shared = fails();
  shared.onError(listener);
  await expect.poll(() => socketPair(shared, { onError: listener }).closed).toBeDefined();

  expect(heard).toEqual(["open", "close", "open", "close"]);
  expect(lines).toEqual([]);
});

test("messages that had to wait are dropped when their connection turns out to be over before they are handled", async () => {
  const ran: string[] = [];
  let endOpen = (): void => undefined;
  const opening = new Promise<void>((resolve) => (endOpen = resolve));
  const router = new Router()
    .useOpen(() => opening)
    .use(json())
    .bind("/x", (ctx) => void ran.push(String(ctx.unmarshal())));
  const asked: string[] = [];
  const pair = socketPair(router, {
    codec: "json",
    beforeWaiting() {
      asked.push("still there?");
      pair.inlet.closed(1001, "gone meanwhile", "server");
    },
  });
  pair.inlet.message(forwarded("/x", "1"));
  pair.inlet.message(forwarded("/x", "2"));

  endOpen();
  await pair.inlet.finished;

  expect(asked).toEqual(["still there?"]);
  expect(ran).toEqual([]);
  expect(pair.sent).toEqual([]);
  expect(pair.closed).toMatchObject({ status: 1001 });
});

test("who need not wait is not asked about", () => {
  let asked = 0;
  const pair = socketPair(
    new Router().use(json()).bind("/x", (ctx) => ctx.reply(1)),
    {
      codec: "json",
      beforeWaiting: () => void asked++,
    },
  );

  pair.inlet.message(forwarded("/x", "1"));

  expect(received(pair)).toEqual([{ id: "1", data: 1 }]);
  expect(asked).toBe(0);
});
