import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { nodeRuntime } from "./runtime.ts";

test("A timer fires once, not before its delay, and not after cancel", async () => {
  const startedAt = nodeRuntime.nowMs();
  let cancelled = 0;
  nodeRuntime.setTimer(5, () => cancelled++).cancel();
  await new Promise<void>((resolve) => nodeRuntime.setTimer(20, resolve));
  expect(nodeRuntime.nowMs() - startedAt).toBeGreaterThanOrEqual(19);
  expect(cancelled).toBe(0);
});

test("An endless delay does not fire at once", async () => {
  let fired = false;
  const timer = nodeRuntime.setTimer(Infinity, () => (fired = true));
  await new Promise<void>((resolve) => nodeRuntime.setTimer(20, resolve));
  timer.cancel();
  expect(fired).toBe(false);
});

test("defer waits until promises that are ready have been served", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    nodeRuntime.defer(() => {
      order.push("deferred");
      resolve();
    });
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => order.push("promise"));
  });
  expect(order).toEqual(["promise", "deferred"]);
});

test("Tokens have the asked length, the alphabet a-z0-9, and do not repeat", () => {
  const tokens = Array.from({ length: 1000 }, () => nodeRuntime.randomToken(20));
  for (const token of tokens) expect(token).toMatch(/^[a-z0-9]{20}$/);
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(nodeRuntime.randomToken(0)).toBe("");
  expect(nodeRuntime.randomUuid()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test("What is deferred sees the AsyncLocalStorage of nobody, least of all that of whoever deferred first", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const deferOne = (): Promise<void> =>
    new Promise((resolve) => {
      nodeRuntime.defer(() => {
        seen.push(storage.getStore());
        resolve();
      });
    });

  await Promise.all([storage.run("first", deferOne), storage.run("second", deferOne), deferOne()]);

  expect(seen).toEqual([undefined, undefined, undefined]);
});
