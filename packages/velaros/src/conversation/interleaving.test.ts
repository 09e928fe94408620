import fc from "fast-check";
import { expect, test } from "vitest";
import { type HandlerFunction, Router } from "../index.ts";
import { json } from "../json.ts";
import { connectClient } from "../testing/index.ts";

/** What a client may do in one turn: send to a path, or without one; let things happen; or close. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      id: fc.constantFrom(undefined, "a", "b", "c"),
      path: fc.constantFrom(
        undefined,
        "/echo",
        "/slow",
        "/pair",
        "/ask",
        "/timeout",
        "/throws",
        "/nested/pair",
        "/none",
      ),
      data: fc.option(fc.nat(9), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.constant("rest" as const) },
);

/** Lets everything that is ready happen. */
const rest = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function testRouter(running: Map<string, number>, overlaps: string[]): Router {
  const router = new Router({ onError: () => {}, maxHandlersPerSocket: 4 });
  router.use(json());
  router.use(async (context) => {
    if (context.data?.length === 1) await Promise.resolve();
    await context.next();
  });
  const bind = (target: Router, path: string, handle: HandlerFunction): void => {
    target.bind(path, async (context) => {
      const key = `${context.messageId} ${context.path}`;
      const now = (running.get(key) ?? 0) + 1;
      running.set(key, now);
      if (now > 1) overlaps.push(key);
      try {
        await handle(context);
      } finally {
        running.set(key, (running.get(key) ?? 0) - 1);
      }
    });
  };
  bind(router, "/echo", (context) => context.reply(context.unmarshal()));
  bind(router, "/slow", () => rest());
  bind(router, "/pair", async (context) => {
    await context.receive();
    await context.receive();
  });
  bind(router, "/ask", async (context) => void (await context.request("?")));
  bind(router, "/timeout", async (context) => {
    await context.receive();
    await context.receive({ timeoutMs: 1 });
  });
  bind(router, "/throws", () => {
    throw new Error("as asked");
  });
  const nested = new Router();
  bind(nested, "/pair", async (context) => {
    await context.receive();
    await context.receive();
  });
  return router.use("/nested", nested) as Router;
}

test("whatever the order of messages, no id has two runs of a handler at once and every chain ends [fault:S14]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const running = new Map<string, number>();
      const overlaps: string[] = [];
      const client = connectClient(testRouter(running, overlaps));
      let sent = 0;
      for (const next of steps) {
        if (next === "rest") {
          await rest();
          continue;
        }
        sent += 1;
        const { id, path, data } = next;
        client.send({
          ...(id === undefined ? undefined : { id }),
          ...(path === undefined ? undefined : { path }),
          ...(data === undefined ? undefined : { data }),
        });
      }
      // Answers whatever is asked, and feeds whoever waits, until nobody does.
      for (let round = 0; client.connection.settled.length < sent && round < 60; round += 1) {
        const questions = client.connection.sent.filter(({ purpose }) => purpose === "request");
        const asked = questions.map(({ about }) => String(about));
        for (const id of new Set([...asked, "a", "b", "c"])) {
          client.send({ id, data: 0 });
          sent += 1;
        }
        await rest();
      }

      expect(client.connection.settled).toHaveLength(sent);
      expect(new Set(client.connection.settled).size).toBe(sent);
      expect(overlaps).toEqual([]);
      expect(client.connection.inlet.busy).toBe(false);
      expect(client.connection.paused).toBe(false);
      await client.close();
    }),
    { numRuns: 300 },
  );
});

test("a close in the middle of anything ends every handler", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const running = new Map<string, number>();
      const client = connectClient(testRouter(running, []));
      for (const next of steps) {
        if (next === "rest") await rest();
        else client.send(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)));
      }

      await client.close();

      await expect
        .poll(() => [...running.values()].every((count) => count === 0), { interval: 1 })
        .toBe(true);
      expect(client.connection.closeCount).toBe(1);
    }),
    { numRuns: 100 },
  );
});
