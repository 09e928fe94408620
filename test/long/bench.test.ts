import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { Processes } from "../../bench/harness/child.ts";
import type { LoadReport } from "../../bench/harness/reports.ts";
import { Generator } from "../../bench/load/generator.ts";
import { runProgram } from "../support/run-program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;
if (!hasCompiler) process.stderr.write("\nThe load generator needs cc: apt-get install gcc libc6-dev\n");

interface Message {
  readonly id: string;
  readonly data: { readonly text: string };
}

test.skipIf(!hasCompiler).each<[string, (message: Message) => Message, string | undefined]>([
  ["what was sent", (message) => message, undefined],
  ["the id of another message", (message) => ({ ...message, id: "7" }), "does not answer message 1000000"],
  ["half of the data", ({ id }) => ({ id, data: { text: "x" } }), "does not answer message 1000000"],
])("the load generator judges a server that answers with %s", async (_, answer, failure) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) =>
    socket.on("message", (bytes: Buffer) => {
      socket.send(JSON.stringify(answer(JSON.parse(bytes.toString()) as Message)));
    }),
  );
  const processes = new Processes(root);
  onTestFinished(async () => {
    await processes.stopAll();
    server.close();
  });
  const generator = await Generator.start(processes);
  const shape = { connections: 3, inFlight: 2, dataBytes: 64 };
  const { port } = server.address() as AddressInfo;
  await generator.connect("clients", { port, path: "/", dialect: "envelope" }, shape);

  const window = generator.run({
    name: "clients",
    shape,
    warmupMs: 0,
    windowMs: 50,
    processes: { server: process.pid },
  });

  if (failure === undefined) {
    const { replies, checkedReplies, cpuMicrosPerReply } = await window;
    expect(replies).toBeGreaterThan(0);
    expect(checkedReplies).toBeGreaterThanOrEqual(3);
    expect(cpuMicrosPerReply["server"]).toBeGreaterThan(0);
  } else {
    await expect(window).rejects.toThrow(failure);
  }
});

test.skipIf(!hasCompiler)(
  "one command weighs the gateway against plain servers and says what it costs [claim:12]",
  async () => {
    const words = [
      "--conditions=@velaros/source",
      "--import",
      "tsx",
      "bench/run.ts",
      "eurus-local",
      "--rounds",
      "1",
    ];
    const bench = runProgram(process.execPath, words, { cwd: root });

    expect(await bench.exited).toBe(0);

    const report = JSON.parse(await readFile(`${root}bench/results/load.local.json`, "utf8")) as LoadReport;
    const [first] = report.cases;
    for (const target of ["ws", "ws-coalesced", "eurus-local"]) {
      const measured = first?.targets[target];
      expect(measured?.cpuMicros["server"]?.median).toBeGreaterThan(0);
      expect(measured?.checkedReplies).toBeGreaterThan(0);
    }
    const shown = report.cases.flatMap(({ checks }) =>
      checks.map(({ text, value }) => [text, value?.median]),
    );
    expect(shown.length).toBeGreaterThan(0);
    for (const [, ratio] of shown) expect(ratio).toBeGreaterThan(0);
  },
  180_000,
);
