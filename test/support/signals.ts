import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Gateway } from "eurus";
import type { EurusEvent, Service } from "eurus";
import { Metrics } from "eurus/metrics";
import { expect } from "vitest";

const document = join(import.meta.dirname, "..", "..", "docs", "operations.md");

/** What operators and clients are promised to see of one fault. */
export interface OperationsRow {
  readonly fault: string;
  /** Codes of errors and closes, and statuses of HTTP. */
  readonly codes: ReadonlySet<string>;
  /** Whether clients may notice nothing at all. */
  readonly mayPassUnnoticed: boolean;
  readonly gatewayEvents: readonly string[];
  readonly serviceEvents: readonly string[];
  readonly hasLine: boolean;
  /** Names, some with one label: `eurus_instances{state="draining"}`. */
  readonly metrics: readonly string[];
  /** Files of tests, with the names of these or a part of them. */
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

/** The rows of all tables of `docs/operations.md`. */
export function operationsRows(): readonly OperationsRow[] {
  return readFileSync(document, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:-|fault )/u.test(line))
    .map((line) => {
      const cells = line.slice(1, -1).split("|");
      const [fault = "", clients = "", events = "", metrics = "", tests = ""] = cells.map((cell) =>
        cell.trim(),
      );
      return {
        fault,
        codes: new Set([
          ...codeWords(clients).filter((word) => /^[A-Z_]+$/u.test(word)),
          ...(clients.match(/\b(?:[45]\d\d|10\d\d)\b/gu) ?? []),
        ]),
        mayPassUnnoticed: /^(?:nothing|at most)\b/u.test(clients),
        gatewayEvents: eventsOf(events, /^(?:gateway|both)\b/u),
        serviceEvents: eventsOf(events, /^(?:service|the instance|both)\b/u),
        hasLine: /\blines? in the log\b/u.test(events),
        metrics: codeWords(metrics),
        tests: [...tests.matchAll(/\[test\]\((\S+) "([^"]+)"\)/gu)].map(([, path = "", name = ""]) => ({
          file: join(document, "..", path),
          name,
        })),
      };
    });
}

/** A gateway or service, wherever it runs, as far as it shows itself. */
export interface Observed {
  readonly events: readonly { readonly type: string }[];
  /** Its metrics as they are now, in the text format; nothing when it has ended. */
  scrape(): Promise<string>;
}

/** A gateway or service of this process. */
export class Observer implements Observed {
  readonly events: EurusEvent[] = [];
  readonly #metrics: Metrics = new Metrics();

  constructor(observed: Gateway | Service) {
    const listener = (event: EurusEvent): void => void this.events.push(event);
    if (observed instanceof Gateway) {
      observed.onEvent(listener);
      this.#metrics.watch(observed);
    } else {
      observed.onEvent(listener);
      this.#metrics.watch(observed);
    }
  }

  /** Counts whom the endpoint turns away as well. */
  get metrics(): Metrics {
    return this.#metrics;
  }

  scrape(): Promise<string> {
    return this.#metrics.registry.metrics();
  }
}

/** What was seen of a fault. */
export interface Signals {
  /** Codes of errors and closes that clients got, and statuses in place of upgrades. */
  readonly clients?: Iterable<string | number> | undefined;
  readonly gateways?: readonly Observed[] | undefined;
  readonly services?: readonly Observed[] | undefined;
  /** Metrics that were scraped while the fault lasted. */
  readonly meanwhile?: readonly string[] | undefined;
  /** Lines of the log. */
  readonly lines?: readonly unknown[] | undefined;
  /** Signals of the row that this test can't show; another one of the same row does. */
  readonly except?: readonly string[] | undefined;
}

/**
 * Compares what was seen with the row of `docs/operations.md`: each event and metric of the row has to be there, and
 * of codes nothing that it does not name.
 */
export async function expectSignals(
  fault: string,
  signals: Signals,
  { withinMs = 10_000 }: { readonly withinMs?: number } = {},
): Promise<void> {
  const row = operationsRows().find((candidate) => candidate.fault === fault);
  if (row === undefined) throw new Error(`docs/operations.md has no row "${fault}".`);
  const codes = [...new Set([...(signals.clients ?? [])].map(String))];

  expect(
    codes.filter((code) => !row.codes.has(code)),
    `codes that the row "${fault}" does not name`,
  ).toEqual([]);
  if (!row.mayPassUnnoticed && row.codes.size > 0) expect(codes, "no client saw anything").not.toEqual([]);
  if (row.hasLine) expect(signals.lines ?? [], "there is no line in the log").not.toEqual([]);
  await expect
    .poll(() => missing(row, signals), { timeout: withinMs, message: `missing of the row "${fault}"` })
    .toEqual([]);
}

async function missing(row: OperationsRow, signals: Signals): Promise<readonly string[]> {
  const { gateways = [], services = [], meanwhile = [], except = [] } = signals;
  const scrapes = await Promise.all([...gateways, ...services].map((side) => side.scrape()));
  const samples = [...meanwhile, ...scrapes].flatMap((text) => text.split("\n"));
  return [
    ...row.gatewayEvents.filter((type) => !hasTold(gateways, type)).map((type) => `gateway: ${type}`),
    ...row.serviceEvents.filter((type) => !hasTold(services, type)).map((type) => `service: ${type}`),
    ...row.metrics.filter((metric) => !samples.some((sample) => shows(sample, metric))),
  ].filter((signal) => !except.includes(signal));
}

function hasTold(sides: readonly Observed[], wanted: string): boolean {
  return sides.some(({ events }) => events.some(({ type }) => type === wanted));
}

/** Whether a sample is of this metric, has its label if there is one, and is more than zero. */
function shows(sample: string, metric: string): boolean {
  const [name = "", label = ""] = metric.replace("}", "").split("{");
  return sample.startsWith(`${name}{`) && sample.includes(label) && Number(sample.split(" ").at(-1)) > 0;
}

/** The events that a cell names for one side: `gateway: …; service: …`. */
function eventsOf(cell: string, side: RegExp): readonly string[] {
  return codeWords(
    cell
      .split("; ")
      .filter((part) => side.test(part))
      .join(),
  );
}

function codeWords(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/gu)].map(([, word = ""]) => word);
}
