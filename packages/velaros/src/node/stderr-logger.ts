import type { Logger } from "../logger.ts";

/**
 * Writes one line each to stderr, for programs that set up no logger.
 *
 * @param source - What the lines begin with: whose they are.
 */
export function stderrLogger(source: string): Logger {
  const write = (level: string, details: Readonly<Record<string, unknown>>, message: string): void => {
    const parts = Object.entries(details).map(([name, value]) => `${name}=${oneLine(value)}`);
    process.stderr.write(`${printable(`${source} ${level}: ${[message, ...parts].join(" ")}`)}\n`);
  };
  return {
    warn: (details, message) => write("warning", details, message),
    error: (details, message) => write("error", details, message),
  };
}

/** Clients choose what is in some of these lines, and must not choose where they end or what a terminal does. */
function printable(line: string): string {
  return line.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The first frame of a stack says where; the rest would break the line. */
function oneLine(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value);
  const [, place] = (value.stack ?? "").split("\n    at ");
  return JSON.stringify(`${value.name}: ${value.message}${place === undefined ? "" : ` (at ${place})`}`);
}
