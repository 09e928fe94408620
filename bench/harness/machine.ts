import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Where and on what a result was measured. */
export interface Machine {
  readonly measuredAt: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  /** Over the minute before the run: near 0 on a quiet machine. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(root: string): Machine {
  const [first] = cpus();
  return {
    measuredAt: new Date().toISOString(),
    commit: output("git", ["-C", root, "describe", "--always", "--dirty", "--abbrev=12"]),
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    versions: {
      node: process.versions.node,
      ws: packageVersion(root, "ws"),
      "socket.io": packageVersion(root, "socket.io"),
      "@nats-io/transport-node": packageVersion(root, "@nats-io/transport-node"),
      "nats-server": output("nats-server", ["--version"]).replace(/^.*v/, ""),
    },
  };
}

function packageVersion(root: string, name: string): string {
  const file = join(root, "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

function output(command: string, words: readonly string[]): string {
  try {
    return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}
