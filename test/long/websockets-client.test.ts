import { join } from "node:path";
import { expect } from "vitest";
import { echoRouter } from "../support/echo-router.ts";
import { usePython } from "../support/python.ts";

const program = join(import.meta.dirname, "websockets_client.py");

const { test, run } = usePython("websockets");

test(
  "a client that Python's websockets library makes finds everything as the RFC says",
  { timeout: 120_000 },
  async () => {
    const open = { port: 0, host: "127.0.0.1" } as const;
    await using plain = await echoRouter().listen(open);
    await using guarded = await echoRouter().listen({
      ...open,
      authenticate: (request) => (request.headers["x-who"] === "nobody" ? false : {}),
    });

    const urls = [plain, guarded].map(({ port }) => `ws://127.0.0.1:${port}/`);
    const results: Readonly<Record<string, string>> = JSON.parse(await run(program, urls));

    expect(Object.keys(results)).toHaveLength(11);
    expect(Object.entries(results).filter(([, problem]) => problem !== "")).toEqual([]);
  },
);
