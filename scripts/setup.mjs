// Makes a fresh clone ready, then runs what it was asked to run:
//
//   node scripts/setup.mjs [--for-tests | --for-long-tests | --for-benchmarks] [--run <file.ts> [arguments…]]
//
// Plain Node and no dependencies, because it runs before any is installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const oldestNode = [20, 19];

/** Programs that only tests use, and the Debian packages that hold them. */
const testPrograms = [
  {
    isThere: () => isOnPath("nats-server"),
    packages: ["nats-server"],
    usedFor: "tests against a real message bus",
  },
  {
    isThere: () => ["chromium", "chromium-browser", "google-chrome"].some(isOnPath),
    packages: ["chromium"],
    usedFor: "tests in a real browser",
  },
];

/** The same for what only the long run uses. */
const longTestPrograms = [
  {
    isThere: () => isOnPath("python3"),
    packages: ["python3"],
    usedFor: "tests with clients that were not written by us",
  },
  {
    // Another Python may come before Debian's on the path.
    isThere: () =>
      ["python3", "/usr/bin/python3"].some(
        (python) => spawnSync(python, ["-c", "import websockets"]).status === 0,
      ),
    packages: ["python3-websockets"],
    usedFor: "tests with a WebSocket client of another kind",
  },
];

/** The same for benchmarks. */
const benchmarkPrograms = [
  {
    isThere: () => isOnPath("cc"),
    packages: ["gcc", "libc6-dev"],
    usedFor: "the load generator of the benchmarks",
  },
  ...testPrograms.filter((program) => program.packages.includes("nats-server")),
];

main(process.argv.slice(2));

function main(words) {
  const runAt = words.indexOf("--run");
  const options = runAt < 0 ? words : words.slice(0, runAt);
  const command = runAt < 0 ? [] : words.slice(runAt + 1);

  requireNode();
  installPackages();
  if (options.includes("--for-tests")) installPrograms(testPrograms);
  if (options.includes("--for-long-tests")) {
    installPrograms([...testPrograms, ...longTestPrograms, ...benchmarkPrograms]);
  }
  if (options.includes("--for-benchmarks"))
    installPrograms(benchmarkPrograms, "The benchmarks that need them fail.");
  if (command.length > 0) run(command);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  fail(
    `Eurus needs Node.js ${oldestNode.join(".")} or newer; this is ${process.versions.node}.`,
    "Install it from https://nodejs.org/ (or: nvm install 20) and run the command again.",
  );
}

function installPackages() {
  if (packagesAreCurrent()) return;
  say("Installing npm packages (npm ci) …");
  const npm = process.env.npm_execpath?.endsWith("npm-cli.js")
    ? { command: process.execPath, words: [process.env.npm_execpath] }
    : { command: "npm", words: [] };
  const result = spawnSync(npm.command, [...npm.words, "ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32" && npm.command === "npm",
  });
  if (result.status === 0) return;
  fail("npm ci failed; its output is above.", "Check the network, then run the command again.");
}

/** npm notes what it installed beside it; nothing is to be done when that says the same as the lock file. */
function packagesAreCurrent() {
  const installedFile = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return false;
  const wanted = readJson(join(root, "package-lock.json")).packages;
  const installed = readJson(installedFile).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true;
    return (
      found.version === entry.version &&
      found.integrity === entry.integrity &&
      found.resolved === entry.resolved
    );
  });
}

function installPrograms(programs, withoutThem = withoutTestPrograms()) {
  const missing = [...new Set(programs)].filter((program) => !program.isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap((program) => program.packages);
  const apt = aptCommand();
  if (apt !== undefined) {
    say(`Installing ${packages.join(" and ")} (apt-get) …`);
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const aptGet = (...words) =>
      spawnSync(apt[0], [...apt.slice(1), ...words], { stdio: "inherit", env: environment }).status === 0;
    aptGet("update", "-q");
    if (aptGet("install", "-y", "-q", "--no-install-recommends", ...packages)) return;
  }
  say(
    [
      "",
      "*** Not installed:",
      ...missing.map((program) => `***   ${program.packages.join(" ").padEnd(18)} for ${program.usedFor}`),
      `*** To install: sudo apt-get install -y ${packages.join(" ")}`,
      `*** ${withoutThem}`,
      "",
    ].join("\n"),
  );
}

function withoutTestPrograms() {
  return process.env.CI
    ? "This is CI, so the tests that need them will fail."
    : "The tests that need them are skipped, and counted as skipped.";
}

/** How to call apt-get without being asked for a password: as root, or in CI through sudo. */
function aptCommand() {
  if (!isOnPath("apt-get")) return undefined;
  if (process.getuid?.() === 0) return ["apt-get"];
  if (process.env.CI && isOnPath("sudo")) return ["sudo", "-n", "apt-get"];
  return undefined;
}

/** Runs a TypeScript file of this repository against the packages' sources, and ends as it ends. */
function run([file, ...words]) {
  const child = spawn(
    process.execPath,
    ["--conditions=@velaros/source", "--import", "tsx", join(root, file), ...words],
    { cwd: root, stdio: "inherit" },
  );
  // A terminal sends Ctrl-C to both; whoever signals only this process means the program too.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm runs scripts in a shell that does not pass signals on: without it, stopping npm would leave the program behind.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 200);
  child.on("exit", (code, signal) => {
    clearInterval(watch);
    process.exitCode = code ?? 128 + (signal === "SIGINT" ? 2 : 15);
  });
}

function isOnPath(name) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, name)));
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(...lines) {
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exit(1);
}
