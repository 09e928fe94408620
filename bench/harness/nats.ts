import { spawn } from "node:child_process";
import type { Processes } from "./child.ts";

export interface NatsServer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

const startTimeoutMs = 10_000;

/** Starts a nats-server of our own on a port that the system chose. */
export async function startNats(processes: Processes): Promise<NatsServer> {
  const server = spawn("nats-server", ["--addr", "127.0.0.1", "--port", "-1"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  processes.track(server);
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("nats-server did not start within 10 s")),
      startTimeoutMs,
    );
    let log = "";
    server.stderr.setEncoding("utf8");
    server.stderr.on("data", (text: string) => {
      log += text;
      const found = /Listening for client connections on [^\s:]+:(\d+)/.exec(log);
      if (found === null || !log.includes("Server is ready")) return;
      clearTimeout(timer);
      server.stderr.removeAllListeners("data").resume();
      resolve(Number(found[1]));
    });
    server.once("error", (cause) => {
      clearTimeout(timer);
      reject(
        new Error("nats-server can't be started; install it (Debian: apt-get install nats-server)", {
          cause,
        }),
      );
    });
    server.once("exit", () => reject(new Error(`nats-server ended: ${log}`)));
  });
  return { pid: server.pid ?? 0, port, stop: () => processes.stop(server) };
}
