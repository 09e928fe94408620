import { join } from "node:path";
import { expect, test } from "vitest";
import { natsTest } from "./support/nats-server.ts";
import { runProgram } from "./support/run-program.ts";

const root = join(import.meta.dirname, "..");

natsTest(
  "the scale-out example pins, kills, drains and adds, and leaves nothing running [claim:10 claim:53]",
  async () => {
    const example = runExample();

    expect(await example.exited).toBe(0);

    const output = example.output();
    expect(output).toContain("120 answers, 0 from anywhere else than before.");
    // Two gateways share twelve clients among three instances: about four each, on a busy machine sometimes five.
    const [lost, stayed] = closedAndOthers(output, "Service unreachable");
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(lost).toBeLessThanOrEqual(5);
    expect(stayed).toBe(12 - lost);
    const [moved] = closedAndOthers(output, "Service is stopping");
    expect(moved).toBeGreaterThanOrEqual(3);
    expect(output).toMatch(/rooms-4 +● +● +2/);
    expect(output).toContain("Everything is stopped.");
    expect(output).not.toContain("Error");
    expect(stillRunning(output)).toEqual([]);
  },
  60_000,
);

natsTest(
  "Ctrl-C ends the scale-out example in the middle, and everything that it started",
  async () => {
    const example = runExample();
    await expect.poll(example.output, { timeout: 30_000 }).toContain("Twelve clients connect");

    // As a terminal does: again and again, by those who are in a hurry.
    example.process.kill("SIGINT");
    example.process.kill("SIGINT");

    expect(await example.exited).toBe(0);
    expect(example.output()).toContain("Everything is stopped.");
    expect(stillRunning(example.output())).toEqual([]);
  },
  60_000,
);

test("without nats-server the scale-out example says how to get it", async () => {
  const example = runExample({ NATS_SERVER: "no-such-nats-server" });

  expect(await example.exited).toBe(1);
  expect(example.output()).toContain("This example needs nats-server, which is not installed here.");
  expect(example.output()).toContain("apt-get install nats-server");
  expect(example.output()).not.toContain("    at ");
});

function runExample(environment: NodeJS.ProcessEnv = {}) {
  const words = ["scripts/setup.mjs", "--run", "scripts/example.ts", "scale-out"];
  return runProgram(process.execPath, words, { cwd: root, environment });
}

/** How many clients the example counts that were closed with this reason, and how many that noticed nothing. */
function closedAndOthers(output: string, reason: string): readonly [number, number] {
  const counts = new RegExp(
    `(\\d+) clients were closed with 1001 "${reason}"; the other (\\d+) noticed`,
  ).exec(output);
  return [Number(counts?.[1]), Number(counts?.[2])];
}

/** Those of the processes that the output names which are still there. */
function stillRunning(output: string): readonly number[] {
  const started = [...output.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
  expect(started.length).toBeGreaterThanOrEqual(6);
  return started.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}
