import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { delimiter } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The program that carries the messages is not installed. */
export class NatsServerMissing extends Error {
  constructor() {
    super(
      [
        "This example needs nats-server, which is not installed here.",
        "  Debian, Ubuntu:  sudo apt-get install nats-server",
        "  macOS:           brew install nats-server",
        "  elsewhere:       https://github.com/nats-io/nats-server/releases",
        "Installed, but not on the PATH? NATS_SERVER=/path/to/nats-server npm run example scale-out",
      ].join("\n"),
    );
  }
}

/** A process of the fleet. */
export interface FleetProcess {
  readonly name: string;
  readonly pid: number;
  /** Where clients connect, for a gateway; where members connect, for nats-server. */
  readonly url: string;
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

const stopTimeoutMs = 5_000;

/** Everything that this example has started. */
export class Processes {
  readonly #running: FleetProcess[] = [];

  async startNats(): Promise<FleetProcess> {
    const program = process.env["NATS_SERVER"] ?? "nats-server";
    const path = [process.env["PATH"], "/usr/sbin", "/usr/local/sbin"].join(delimiter);
    const child = spawn(program, ["--addr", "127.0.0.1", "--port", "-1"], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH: path },
      detached: true, // Ctrl-C must not end it before the others have said goodbye
    });
    return new Promise((resolve, reject) => {
      let log = "";
      child.on("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "ENOENT" ? new NatsServerMissing() : error),
      );
      child.on("exit", () => reject(new Error(`nats-server did not start:\n${log}`)));
      child.stderr.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
        if (port !== undefined) resolve(this.#add("nats-server", child, `nats://127.0.0.1:${port}`));
      });
    });
  }

  startGateway(name: string, natsUrl: string): Promise<FleetProcess> {
    return this.#fork(new URL("./gateway.ts", import.meta.url), name, natsUrl);
  }

  startInstance(name: string, natsUrl: string): Promise<FleetProcess> {
    return this.#fork(new URL("./instance.ts", import.meta.url), name, natsUrl);
  }

  /** Ends whatever still runs, in the order that lets everybody say goodbye. */
  async stopAll(): Promise<void> {
    const [nats, ...members] = this.#running.splice(0);
    await Promise.all(members.map((member) => member.stop()));
    await nats?.stop();
  }

  async #fork(program: URL, name: string, natsUrl: string): Promise<FleetProcess> {
    const child = fork(fileURLToPath(program), [JSON.stringify({ name, natsUrl })]);
    const added = this.#add(name, child, "");
    const [message] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => Promise.reject(new Error(`${name} did not start.`))),
    ])) as [{ readonly url?: string }];
    return { ...added, url: message.url ?? "" };
  }

  #add(name: string, child: ChildProcess, url: string): FleetProcess {
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      const impatience = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await exited;
      clearTimeout(impatience);
    };
    const stop = (): Promise<void> => end("SIGTERM");
    const added = { name, pid: child.pid ?? 0, url, stop, kill: () => end("SIGKILL") };
    this.#running.push(added);
    return added;
  }
}
