import { join } from "node:path";
import { beforeAll, describe, expect } from "vitest";
import { echoRouter } from "../support/echo-router.ts";
import { usePython } from "../support/python.ts";

const program = join(import.meta.dirname, "rfc6455.py");
const { test, run } = usePython();
const names: readonly string[] = JSON.parse(await run(program, ["--list"]).catch(() => "[]"));

describe("a client made of bytes", () => {
  let results: Readonly<Record<string, string>> = {};
  beforeAll(async () => {
    const open = { port: 0, host: "127.0.0.1" } as const;
    await using plain = await echoRouter().listen(open);
    await using tight = await echoRouter().listen({
      ...open,
      maxMessageBytes: 1_024,
      handshakeTimeoutMs: 500,
      pingIntervalMs: 200,
      pongTimeoutMs: 300,
      closeTimeoutMs: 300,
    });
    await using guarded = await echoRouter().listen({
      ...open,
      path: "/ws",
      authenticate: (request) => (request.headers["x-who"] === "nobody" ? false : {}),
    });
    const ports = { default: plain.port, tight: tight.port, guarded: guarded.port };
    const words = Object.entries(ports).map(([name, port]) => `${name}=${port}`);
    const seed = process.env["EURUS_SEED"] ?? "1";
    results = JSON.parse(await run(program, ["--seed", seed, "--sessions", "300", ...words]));
  }, 300_000);

  test.each(names)("finds what RFC 6455 asks for: %s [fault:C14 fault:C15]", (name) => {
    expect(results[name]).toBe("");
  });

  test("after all of it a new client is served", () => {
    expect(results["after all of it a new client is served"]).toBe("");
  });
});
