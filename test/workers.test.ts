import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runWorkers, VelarosError } from "velaros";
import { JsonClient } from "./support/json-client.ts";
import { runProgram } from "./support/run-program.ts";
import type { RunningProgram } from "./support/run-program.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Line {
  readonly type: string;
  readonly pid?: number;
  readonly url?: string;
  readonly signal?: string;
}

async function startWorkers() {
  const program = runProgram(
    process.execPath,
    ["--conditions=@velaros/source", "--import", "tsx", "test/programs/workers.ts"],
    { cwd: root, environment: { PORT: "0" } },
  );
  const lines = (type: string): readonly Line[] => linesOf(program).filter((line) => line.type === type);
  await expect.poll(() => lines("listening").length, { timeout: 15_000 }).toBe(2);
  const [first, second] = lines("listening");
  expect(first?.url).toBe(second?.url);
  return { program, lines, url: first?.url ?? "" };
}

function linesOf(program: RunningProgram): readonly Line[] {
  return program
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}

async function pidOf(client: JsonClient): Promise<number> {
  const { data } = await client.ask("/pid");
  return (data as { readonly pid: number }).pid;
}

test("workers share a port, and each connection stays with one of them", async () => {
  const { url } = await startWorkers();
  const clients = await Promise.all([1, 2, 3, 4].map(() => JsonClient.connect(url)));

  const pids = await Promise.all(clients.map(pidOf));
  const again = await Promise.all(clients.map(pidOf));

  expect(new Set(pids).size).toBe(2);
  expect(again).toEqual(pids);
  for (const client of clients) client.webSocket.close();
});

test("a worker that is killed is replaced, and the other one's clients notice nothing", async () => {
  const { url, lines } = await startWorkers();
  const clients = await Promise.all([1, 2].map(() => JsonClient.connect(url)));
  const [victimPid = 0, survivorPid] = await Promise.all(clients.map(pidOf));
  expect(victimPid).not.toBe(survivorPid);

  process.kill(victimPid, "SIGKILL");

  await expect.poll(() => clients[0]?.ended?.code).toBe(1006);
  await expect
    .poll(() => lines("lost"), { timeout: 10_000 })
    .toMatchObject([{ pid: victimPid, signal: "SIGKILL" }]);
  await expect.poll(() => lines("listening").length, { timeout: 15_000 }).toBe(3);
  expect(clients[1]?.ended).toBeUndefined();
  const newcomers = await Promise.all([1, 2].map(() => JsonClient.connect(url)));
  expect(new Set(await Promise.all(newcomers.map(pidOf))).size).toBe(2);
  for (const client of [...clients, ...newcomers]) client.webSocket.close();
});

test("stopping the first process stops all of them, and their clients hear why", async () => {
  const { program, url, lines } = await startWorkers();
  const clients = await Promise.all([1, 2].map(() => JsonClient.connect(url)));
  await Promise.all(clients.map(pidOf));

  program.process.kill("SIGTERM");

  expect(await program.exited).toBe(0);
  expect(clients.map(({ ended }) => ended?.code)).toEqual([1001, 1001]);
  expect(lines("stopped")).toHaveLength(2);
  expect(lines("ended").length).toBeGreaterThan(0);
});

test("workers do not outlive a first process that was killed", async () => {
  const { program, url } = await startWorkers();
  const client = await JsonClient.connect(url);
  const pid = await pidOf(client);

  program.process.kill("SIGKILL");

  await expect.poll(() => client.ended?.code, { timeout: 10_000 }).toBe(1006);
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

test("a number of workers out of range is refused", async () => {
  await expect(
    runWorkers(() => Promise.reject(new Error("never started")), { workers: 0 }),
  ).rejects.toSatisfy(
    (error) => VelarosError.is(error, "VELAROS_OPTION_INVALID") && error.details.option === "workers",
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
