import type { Logger } from "../router/options.ts";

/** Writes one line each to stderr, for programs that set up no logger. */
export const stderrLogger: Logger = Object.freeze<Logger>({
  warn: (details, message) => write("warning", details, message),
  error: (details, message) => write("error", details, message),
});

function write(level: string, details: Readonly<Record<string, unknown>>, message: string): void {
  const parts = Object.entries(details).map(([name, value]) => `${name}=${oneLine(value)}`);
  process.stderr.write(`velaros ${level}: ${[message, ...parts].join(" ")}\n`);
}

/** The first frame of a stack says where; the rest would break the line. */
function oneLine(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value);
  const [, place] = (value.stack ?? "").split("\n    at ");
  return JSON.stringify(`${value.name}: ${value.message}${place === undefined ? "" : ` (at ${place})`}`);
}
