import { once } from "node:events";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { expect } from "vitest";
import { natsTest } from "./nats-server.ts";

const program = `
import { NatsServer } from "./test/support/nats-server.ts";
const server = await NatsServer.start();
console.log("server " + server.pid);
setInterval(() => undefined, 1_000);
`;

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

natsTest("a nats-server ends with the process that started it, also when that one is killed", async () => {
  const words = ["--conditions=@velaros/source", "--import", "tsx", "--input-type=module", "-e", program];
  const parent = spawn(process.execPath, words, { cwd: join(import.meta.dirname, "..", "..") });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(/server (\d+)/.exec(line.toString())?.[1]);
  expect(runs(pid)).toBe(true);

  parent.kill("SIGKILL");

  await expect.poll(() => runs(pid), { timeout: 5_000 }).toBe(false);
});
