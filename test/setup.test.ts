import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runProgram } from "./support/run-program.ts";

const root = join(import.meta.dirname, "..");
const lockedPackages = {
  "": { name: "a-clone" },
  "node_modules/needed": { version: "1.0.0", integrity: "sha512-aaa" },
  "node_modules/of-another-platform": { version: "1.0.0", integrity: "sha512-bbb", optional: true },
};

test("a fresh clone has its npm packages installed", async () => {
  const clone = await makeClone({});

  const setup = runSetup(clone);

  expect(await setup.exited).toBe(0);
  expect(setup.output()).toContain("npm was called: ci --no-audit --no-fund");
});

test("a clone whose packages differ from the lock file has them installed anew", async () => {
  const clone = await makeClone({
    installed: { "node_modules/needed": { version: "0.9.0", integrity: "sha512-old" } },
  });

  const setup = runSetup(clone);

  expect(await setup.exited).toBe(0);
  expect(setup.output()).toContain("npm was called: ci");
});

test("nothing is installed when everything is there", async () => {
  const clone = await makeClone({
    installed: { "node_modules/needed": lockedPackages["node_modules/needed"] },
  });

  const setup = runSetup(clone);

  expect(await setup.exited).toBe(0);
  expect(setup.output()).toBe("");
});

test("an installation that fails ends everything with its code and a hint", async () => {
  const clone = await makeClone({ npmExitCode: 7 });

  const setup = runSetup(clone, "--run", "never-reached.ts");

  expect(await setup.exited).toBe(1);
  expect(setup.output()).toContain("npm ci failed");
});

test("a Node that is too old is named, with what to install instead", async () => {
  const clone = await makeClone({});
  const pretendToBeOld = `data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "18.20.0" } })`;

  const setup = runProgram(process.execPath, ["--import", pretendToBeOld, "scripts/setup.mjs"], {
    cwd: clone,
  });

  expect(await setup.exited).toBe(1);
  expect(setup.output()).toContain("needs Node.js 20.19 or newer; this is 18.20.0");
  expect(setup.output()).not.toContain("npm was called");
});

test.each([
  ["--for-tests", "", "chromium", "for tests in a real browser", "are skipped, and counted as skipped"],
  ["--for-tests", "1", "chromium", "for tests in a real browser", "will fail"],
  ["--for-long-tests", "", "python3", "for tests with clients", "are skipped"],
  ["--for-benchmarks", "", "gcc", "libc6-dev +for the load generator", "The benchmarks that need them fail"],
])("what %s misses is named with the command that installs it (CI=%s)", async (option, ci, ...texts) => {
  const [program, use, consequence] = texts;
  const clone = await makeClone({
    installed: { "node_modules/needed": lockedPackages["node_modules/needed"] },
  });

  // Nothing is on this path, so there is neither a browser nor apt-get.
  const setup = runProgram(process.execPath, ["scripts/setup.mjs", option], {
    cwd: clone,
    environment: { PATH: join(clone, "bin"), CI: ci },
  });

  expect(await setup.exited).toBe(0);
  expect(setup.output()).toMatch(new RegExp(`Not installed:[^]*${program} +${use}`));
  expect(setup.output()).toMatch(new RegExp(`sudo apt-get install -y .*${program}`));
  expect(setup.output()).toContain(consequence);
});

/** A folder with the setup script, a lock file, packages as given, and an npm that only says how it was called. */
async function makeClone({
  installed,
  npmExitCode = 0,
}: {
  readonly installed?: object;
  readonly npmExitCode?: number;
}): Promise<string> {
  const clone = await mkdtemp(join(tmpdir(), "eurus-setup-"));
  onTestFinished(() => rm(clone, { recursive: true }));
  await cp(join(root, "scripts", "setup.mjs"), join(clone, "scripts", "setup.mjs"));
  await writeFile(join(clone, "package-lock.json"), JSON.stringify({ packages: lockedPackages }));
  await mkdir(join(clone, "bin"));
  const npm = `#!/bin/sh\necho "npm was called: $*"\nexit ${npmExitCode}\n`;
  await writeFile(join(clone, "bin", "npm"), npm);
  await chmod(join(clone, "bin", "npm"), 0o755);
  if (installed !== undefined) {
    await mkdir(join(clone, "node_modules"));
    await writeFile(
      join(clone, "node_modules", ".package-lock.json"),
      JSON.stringify({ packages: installed }),
    );
  }
  return clone;
}

function runSetup(clone: string, ...words: string[]) {
  return runProgram(process.execPath, ["scripts/setup.mjs", ...words], {
    cwd: clone,
    environment: { PATH: `${join(clone, "bin")}:${process.env["PATH"]}`, npm_execpath: "" },
  });
}
