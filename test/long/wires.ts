import { execFile, spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { natsTest } from "../support/nats-server.ts";

const run = promisify(execFile);
const natsPort = 4222;

/** Network namespaces need root, and the programs of `iproute2`. */
const mayBuild = process.getuid?.() === 0 && spawnSync("ip", ["netns", "list"]).status === 0;
if (!mayBuild)
  process.stderr.write("\nTests with network namespaces are skipped: they need root and iproute2.\n");

/** A test with wires, skipped where they can't be laid. */
export const wireTest: typeof test = mayBuild ? natsTest : (test.skip as typeof test);

/**
 * A nats-server in a network namespace of its own, with several wires to it. Each process has its own, and a wire
 * that is cut is really cut: packets vanish, and nobody is told.
 */
export class Wires implements AsyncDisposable {
  readonly #namespace = `eurus-${process.pid}`;
  readonly #laid: string[] = [];
  #server: ChildProcess | undefined;

  static async lay(count: number): Promise<Wires> {
    const wires = new Wires();
    try {
      await wires.#lay(count);
    } catch (error) {
      await wires[Symbol.asyncDispose]();
      throw error;
    }
    return wires;
  }

  /** The nats-server, by this wire. */
  url(wire: number): string {
    return `nats://${address(wire, 2)}:${natsPort}`;
  }

  /** From now on nothing arrives, in neither direction. */
  async cut(wire: number): Promise<void> {
    await run("ip", ["-n", this.#namespace, "link", "set", this.#far(wire), "down"]);
  }

  async mend(wire: number): Promise<void> {
    await run("ip", ["-n", this.#namespace, "link", "set", this.#far(wire), "up"]);
  }

  /** Lets only so many bits per second through, each way. */
  async narrow(wire: number, kilobits: number): Promise<void> {
    const shape = ["root", "tbf", "rate", `${kilobits}kbit`, "burst", "16kb", "latency", "400ms"];
    await run("tc", ["qdisc", "replace", "dev", this.#near(wire), ...shape]);
    await run("tc", ["-n", this.#namespace, "qdisc", "replace", "dev", this.#far(wire), ...shape]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      server.kill("SIGKILL");
      await once(server, "exit");
    }
    // They would go with the namespace too, but only a while after it.
    for (const near of this.#laid) await run("ip", ["link", "delete", near]).catch(() => undefined);
    await run("ip", ["netns", "delete", this.#namespace]).catch(() => undefined);
  }

  async #lay(count: number): Promise<void> {
    const namespace = this.#namespace;
    await run("ip", ["netns", "add", namespace]);
    for (let wire = 0; wire < count; wire++) {
      const [near, far] = [this.#near(wire), this.#far(wire)];
      await run("ip", ["link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace]);
      this.#laid.push(near);
      await run("ip", ["address", "add", `${address(wire, 1)}/30`, "dev", near]);
      await run("ip", ["-n", namespace, "address", "add", `${address(wire, 2)}/30`, "dev", far]);
      await run("ip", ["link", "set", near, "up"]);
      await run("ip", ["-n", namespace, "link", "set", far, "up"]);
    }
    this.#server = spawn(
      "ip",
      ["netns", "exec", namespace, "nats-server", "-a", "0.0.0.0", "-p", String(natsPort)],
      { stdio: "ignore" },
    );
    await expect.poll(() => listens(address(0, 2)), { timeout: 10_000, interval: 50 }).toBe(true);
  }

  #near(wire: number): string {
    return `eu${process.pid}n${wire}`;
  }

  #far(wire: number): string {
    return `eu${process.pid}f${wire}`;
  }
}

/** Of the near (1) or the far (2) end of a wire, in a network that is for private use. */
function address(wire: number, end: 1 | 2): string {
  return `10.213.${wire}.${end}`;
}

async function listens(host: string): Promise<boolean> {
  const socket = connect({ host, port: natsPort });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
