import type { Logger } from "../router/options.ts";

/**
 * Writes one line each to stderr, for programs that set up no logger.
 *
 * @param source - What the lines begin with: whose they are.
 */
export function stderrLogger(source: string): Logger {
  const write = (level: string, details: Readonly<Record<string, unknown>>, message: string): void => {
    const parts = Object.entries(details).map(([name, value]) => `${name}=${oneLine(value)}`);
    process.stderr.write(`${source} ${level}: ${[message, ...parts].join(" ")}\n`);
  };
  return {
    warn: (details, message) => write("warning", details, message),
    error: (details, message) => write("error", details, message),
  };
}

/** The first frame of a stack says where; the rest would break the line. */
function oneLine(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value);
  const [, place] = (value.stack ?? "").split("\n    at ");
  return JSON.stringify(`${value.name}: ${value.message}${place === undefined ? "" : ` (at ${place})`}`);
}
