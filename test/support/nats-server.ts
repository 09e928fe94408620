import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "vitest";

const installHint =
  "nats-server is not on the PATH, so tests over NATS are skipped. Install it with " +
  "`apt-get install nats-server`, or from https://github.com/nats-io/nats-server/releases.";

function find(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const program = find("nats-server");
if (program === undefined) {
  // In continuous integration these tests must run; elsewhere a reader must see that they did not.
  if (process.env["CI"] !== undefined) throw new Error(installHint);
  process.stderr.write(`\n${installHint}\n`);
}

/** `test`, or `test.skip` on a machine without nats-server. */
export const natsTest: typeof test = program === undefined ? (test.skip as typeof test) : test;

export interface NatsServerOptions {
  /** Text of a configuration file; must not set `listen` or `port`. */
  readonly config?: string;
  /** Cluster URL of a server to join; `true` starts the first server of a cluster. */
  readonly cluster?: string | true;
}

interface Ports {
  readonly nats: readonly string[];
  readonly cluster?: readonly string[];
}

/** A real nats-server on a free loopback port, with its files in a folder of its own. */
export class NatsServer {
  readonly #folder: string;
  readonly #options: NatsServerOptions;
  #child: ChildProcess | undefined;
  /** 0 until the first start has found a free one. */
  port = 0;
  #clusterPort = -1;
  #log = "";

  private constructor(folder: string, options: NatsServerOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Starts a server and waits until it takes connections. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), "eurus-nats-"));
    const server = new NatsServer(folder, options);
    if (options.config !== undefined) await writeFile(join(folder, "nats.conf"), options.config);
    await server.restart();
    return server;
  }

  /** Starts `size` servers that know each other; clients of one find the others. */
  static async startCluster(size: number, options: NatsServerOptions = {}): Promise<NatsServer[]> {
    const first = await NatsServer.start({ ...options, cluster: true });
    const servers = [first];
    while (servers.length < size) {
      servers.push(await NatsServer.start({ ...options, cluster: first.clusterUrl }));
    }
    return servers;
  }

  /** What the server has logged since it was last started. */
  get log(): string {
    return this.#log;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get clusterUrl(): string {
    return `nats://127.0.0.1:${this.#clusterPort}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("this nats-server is not running");
    return pid;
  }

  /** Starts the server again on the port that it had. */
  async restart(): Promise<void> {
    if (program === undefined) throw new Error(installHint);
    const { config, cluster } = this.#options;
    const portsFolder = await mkdtemp(join(this.#folder, "ports-"));
    const parameters = ["-a", "127.0.0.1", "-p", String(this.port === 0 ? -1 : this.port)];
    parameters.push("--ports_file_dir", portsFolder);
    if (config !== undefined) parameters.push("-c", join(this.#folder, "nats.conf"));
    if (cluster !== undefined) {
      parameters.push("--cluster_name", "test", "--cluster", `nats://127.0.0.1:${this.#clusterPort}`);
      if (cluster !== true) parameters.push("--routes", cluster);
    }
    const child = spawn(program, parameters, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    endWithThisProcess(child);
    this.#log = "";
    child.stderr?.on("data", (data: Buffer) => {
      this.#log += data.toString();
    });
    const ports = await readPorts(portsFolder, () => {
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}:\n${this.#log}`);
    });
    this.port = portOf(ports.nats[0]);
    if (cluster !== undefined) this.#clusterPort = portOf(ports.cluster?.[0]);
  }

  /** Sends a signal: `SIGSTOP` and `SIGCONT` freeze and thaw, `SIGUSR2` begins lame duck mode. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the process. The default is the hard way. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  /** Ends the process and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * A test that runs out of time never gets to end its server, and its process may be killed itself. So a shell waits
 * for the end of this process, which closes its input, and ends the server; its files stay.
 */
function endWithThisProcess(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const script = 'read -r _; kill -9 "$0" 2> /dev/null';
  const guard = spawn("sh", ["-c", script, String(child.pid)], { stdio: ["pipe", "ignore", "ignore"] });
  child.on("exit", () => guard.kill("SIGKILL"));
}

/** The server writes this file once it listens. */
async function readPorts(folder: string, check: () => void): Promise<Ports> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    check();
    const [file] = (await readdir(folder)).filter((name) => name.endsWith(".ports"));
    const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
    if (text.trimEnd().endsWith("}")) return JSON.parse(text);
    await delay(5);
  }
  throw new Error("nats-server did not become ready within 10 s");
}

function portOf(url: string | undefined): number {
  if (url === undefined) throw new Error("nats-server told of no port");
  return Number(new URL(url).port);
}
