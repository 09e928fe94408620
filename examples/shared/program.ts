import process from "node:process";

/** Something that runs until it is told to stop. */
export interface Running {
  stop(): Promise<void>;
}

/**
 * Runs an example as a program: on the port of the environment variable `PORT` (8080 without one), until
 * Ctrl-C, with a plain sentence when the port is taken.
 */
export async function runProgram(start: (port: number) => Promise<Running>): Promise<void> {
  const port = Number(process.env["PORT"] ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return fail(`PORT is "${process.env["PORT"]}", but must be a number from 0 to 65535.`);
  }
  try {
    const running = await start(port);
    stopOnSignal(running);
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    fail(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
  }
}

function stopOnSignal(running: Running): void {
  let stopping: Promise<void> | undefined;
  // A terminal and npm may both pass Ctrl-C on, so the second one changes nothing.
  const stop = () => {
    stopping ??= running.stop();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** Whether the error, or what caused it, says that somebody listens on the port already. */
function isPortTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && error.code === "EADDRINUSE") || isPortTaken(error.cause);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
