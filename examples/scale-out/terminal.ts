import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

type Style = "bold" | "dim" | "green" | "red" | "cyan" | "yellow";

const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const isTerminal = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;

/** Colours for a terminal, plain text for a file. */
export function paint(style: Style, text: string): string {
  return isTerminal ? `\u001B[${codes[style]}m${text}\u001B[0m` : text;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Begins a step, after the time that a reader needs for the one before. */
export async function step(text: string, signal: AbortSignal): Promise<void> {
  await delay(isTerminal ? 1_800 : 0, undefined, { signal });
  say(`\n${paint("bold", `▸ ${text}`)}`);
}

/** A table of cells; the widths count what is seen, not the colour codes. */
export function table(rows: ReadonlyArray<readonly string[]>): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => seen(row[column] ?? "").length)),
  );
  for (const row of rows) {
    const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - seen(cell).length));
    say(`  ${cells.join("   ").trimEnd()}`);
  }
}

function seen(text: string): string {
  // oxlint-disable-next-line no-control-regex -- colour codes begin with one
  return text.replaceAll(/\u001B\[\d+m/g, "");
}
