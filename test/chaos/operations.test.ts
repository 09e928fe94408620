import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Metrics } from "eurus/metrics";
import { expect, test } from "vitest";
import { operationsRows } from "../support/signals.ts";

const root = join(import.meta.dirname, "..", "..");
const rows = operationsRows();

test("every event that operators are told to look for exists", () => {
  const source = readFileSync(join(root, "packages/eurus/src/events.ts"), "utf8");
  const [ofGateways = "", ofServices = ""] = source.split("export type ServiceEvent");
  const known = (part: string): Set<string | undefined> =>
    new Set([...part.matchAll(/type: "([a-z-]+)"/gu)].map(([, type]) => type));
  const gatewayEvents = rows.flatMap((row) => row.gatewayEvents);
  const serviceEvents = rows.flatMap((row) => row.serviceEvents);

  expect(gatewayEvents.length).toBeGreaterThan(20);
  expect(serviceEvents.length).toBeGreaterThan(10);
  expect(gatewayEvents.filter((event) => !known(ofGateways).has(event))).toEqual([]);
  expect(serviceEvents.filter((event) => !known(ofServices).has(event))).toEqual([]);
});

test("every metric that operators are told to look at exists", () => {
  const known = new Set(new Metrics().registry.getMetricsAsArray().map(({ name }) => name));
  const metrics = rows.flatMap((row) => row.metrics.map((metric) => metric.replace(/\{.*/u, "")));

  expect(metrics.length).toBeGreaterThan(20);
  expect(metrics.filter((metric) => !known.has(metric))).toEqual([]);
});

test("every code that clients are said to get is explained", () => {
  const explained = readFileSync(join(root, "docs/errors.md"), "utf8");
  const codes = rows.flatMap((row) => [...row.codes]);

  expect(codes.length).toBeGreaterThan(30);
  for (const code of codes) {
    if (/^[A-Z_]+$/u.test(code)) expect(explained).toContain(`| \`${code}\``);
    else if (code.length === 4) expect(explained).toContain(`\n| ${code} |`);
  }
});

test("every fault that operators are told of is caused by a test, which sees what the row says", () => {
  for (const { fault, tests } of rows) {
    expect(tests, fault).not.toEqual([]);
    for (const { file, name } of tests) {
      const source = existsSync(file) ? readFileSync(file, "utf8") : "";
      expect(source, fault).toContain(name);
      expect(source, file).toContain(JSON.stringify(fault));
    }
  }
});
