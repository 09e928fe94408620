import { once } from "node:events";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { nodeMemory, oldSpaceOptionBytes } from "./memory-source.ts";

const mebibyte = 1024 * 1024;

test.each([
  ["", Infinity],
  ["--max-old-space-size=256", 256 * mebibyte],
  ["--max_old_space_size=256 --inspect", 256 * mebibyte],
  ["--max-old-space-size=256 --max-old-space-size=512", 512 * mebibyte],
  ["--max-old-space-size=0", Infinity],
  ["--max-old-space-size=256 --max-old-space-size=0", Infinity],
])("the options %o ask for a heap of %d bytes, where 0 asks for nothing", (flags, bytes) => {
  expect(oldSpaceOptionBytes(flags)).toBe(bytes);
});

test("a large buffer that nobody has written to does not hide what the process uses", () => {
  const memory = nodeMemory(Infinity);
  const before = memory.process().usedBytes;
  const untouched = Buffer.alloc(1024 * mebibyte);

  const { usedBytes } = memory.process();

  expect(usedBytes).toBeGreaterThan(before / 2);
  expect(usedBytes).toBeLessThan(process.memoryUsage.rss() + 64 * mebibyte);
  expect(untouched.byteLength).toBe(1024 * mebibyte);
});

test("what another thread takes counts as used by the process", async () => {
  const memory = nodeMemory(Infinity);
  const before = memory.process().usedBytes;
  const worker = new Worker(
    `const taken = Buffer.alloc(256 * ${mebibyte}, 1);
     const { parentPort } = require("node:worker_threads");
     parentPort.once("message", () => process.exit(taken.length));
     parentPort.postMessage("taken");`,
    { eval: true },
  );
  await once(worker, "message");

  expect(memory.process().usedBytes - before).toBeGreaterThan(128 * mebibyte);
  await worker.terminate();
});

test("the heap has a limit above what it holds", () => {
  const { usedBytes, limitBytes } = nodeMemory(Infinity).heap();

  expect(usedBytes).toBeGreaterThan(0);
  expect(limitBytes).toBeGreaterThan(usedBytes);
});
