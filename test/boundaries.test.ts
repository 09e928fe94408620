import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { circles, importGraph, roomGraph } from "./support/import-graph.ts";

const root = join(import.meta.dirname, "..");

/** File that does the importing, what it imports, and a part of the sentence that refuses it. */
const wrongWays: ReadonlyArray<readonly [from: string, imported: string, refusal: string]> = [
  ["packages/protocol/src/wrong.ts", "velaros", "imports none of them"],
  ["packages/protocol/src/wrong.ts", "eurus/local", "imports none of them"],
  ["packages/protocol/src/wrong.ts", "node:fs/promises", "runs in browsers too"],
  ["packages/protocol/src/json/wrong.ts", "ws", "runs in browsers too"],
  ["packages/protocol/src/wrong.test.ts", "velaros", "imports none of them"],
  ["packages/velaros/src/wrong.ts", "eurus", "does not know eurus"],
  ["packages/velaros/src/node/wrong.ts", "eurus", "does not know eurus"],
  ["packages/velaros/src/wrong.test.ts", "eurus", "does not know eurus"],
  ["packages/velaros/src/socket/wrong.ts", "ws", "Only velaros/src/node"],
  ["packages/velaros/src/socket/wrong.ts", "node:http", "Only velaros/src/node"],
  ["packages/velaros/src/socket/wrong.ts", "events", "Only velaros/src/node"],
  ["packages/eurus/src/link/wrong.ts", "node:crypto", "only through velaros"],
  ["packages/eurus/src/gateway/wrong.ts", "../../../velaros/src/router/router.ts", "by its name"],
  ["packages/eurus/src/gateway/wrong.ts", "../service/service.ts", "never import each other"],
  ["packages/eurus/src/service/wrong.ts", "../gateway/gateway.ts", "never import each other"],
  ["packages/eurus/src/link/wrong.ts", "../gateway/gateway.ts", "stand on this folder"],
  ["packages/eurus/src/transport/wrong.ts", "../link/frame.ts", "carries packets"],
  ["packages/eurus/src/gateway/wrong.ts", "@nats-io/transport-node", "Only the NATS transport"],
  ["packages/eurus/src/gateway/wrong.ts", "prom-client", "optional peer"],
];

const rightWays: ReadonlyArray<readonly [from: string, imported: string]> = [
  ["packages/velaros/src/right.ts", "velaros-protocol"],
  ["packages/velaros/src/node/right.ts", "ws"],
  ["packages/velaros/src/node/right.ts", "node:http"],
  ["packages/velaros/src/right.test.ts", "node:http"],
  ["packages/eurus/src/gateway/right.ts", "velaros"],
  ["packages/eurus/src/gateway/right.ts", "../link/frame.ts"],
  ["packages/eurus/src/transport/nats.ts", "@nats-io/transport-node"],
];

test.each(wrongWays)("%s may not import %s", async (from, imported, refusal) => {
  const { exitCode, output } = await lint(from, `import * as thing from "${imported}";\nexport { thing };\n`);

  expect(output).toContain("no-restricted-imports");
  expect(output.replaceAll(/\s+/g, " ")).toContain(refusal);
  expect(exitCode).not.toBe(0);
});

test.each(rightWays)("%s may import %s", async (from, imported) => {
  const { exitCode, output } = await lint(from, `import * as thing from "${imported}";\nexport { thing };\n`);

  expect(output).not.toContain("no-restricted-imports");
  expect(exitCode).toBe(0);
});

test("the core of a package may not reach for the host's globals or write to the console", async () => {
  const { output } = await lint(
    "packages/velaros/src/socket/wrong.ts",
    `console.log(Buffer.from(process.title));\nsetTimeout(() => undefined, 1);\n`,
  );

  expect(output).toContain("no-console");
  for (const name of ["Buffer", "process", "setTimeout"]) expect(output).toContain(`'${name}'`);
});

/** Files that know each other because they are one idea; see docs/decisions/0003-boundaries.md. */
const oneIdea: Readonly<Record<string, readonly (readonly string[])[]>> = {
  protocol: [],
  velaros: [
    [
      "context/context-socket.ts",
      "context/current-params.ts",
      "context/decode.ts",
      "context/encode.ts",
      "context/exchange.ts",
      "context/forwardable.ts",
      "context/message-context.ts",
      "context/message-state.ts",
      "context/reply.ts",
      "context/wait.ts",
      "context/walk.ts",
    ],
    ["conversation/conversation.ts", "conversation/inbox.ts"],
  ],
  eurus: [
    ["directory/instance.ts", "directory/route.ts"],
    ["gateway/edge-socket.ts", "gateway/instance-pins.ts", "gateway/pin.ts"],
  ],
};

test.each(Object.keys(oneIdea))("the rooms of %s know each other in one direction only", async (name) => {
  const files = await importGraph(join(root, "packages", name, "src"));

  expect(files.size).toBeGreaterThan(20);
  expect(circles(roomGraph(files))).toEqual([]);
});

test.each(Object.entries(oneIdea))(
  "only files of %s that are one idea know each other",
  async (name, groups) => {
    const files = await importGraph(join(root, "packages", name, "src"));

    expect(circles(files)).toEqual(groups);
  },
);

test("a circle is found however long it is, and nothing is taken for one that is none", () => {
  const graph = new Map([
    ["a", new Set(["b", "d"])],
    ["b", new Set(["c"])],
    ["c", new Set(["a"])],
    ["d", new Set(["e"])],
    ["e", new Set<string>()],
  ]);

  expect(circles(graph)).toEqual([["a", "b", "c"]]);
});

/** Lints one file in a folder that has our configuration and our folder names, and nothing else. */
async function lint(file: string, text: string): Promise<{ exitCode: number; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), "eurus-lint-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);

  const oxlint = join(root, "node_modules", "oxlint", "bin", "oxlint");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [oxlint, "--format=default", "."],
      { cwd: folder },
      (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      },
    );
  });
}
