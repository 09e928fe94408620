import { expect, test } from "vitest";
import { IncidentLog } from "./incident-log.ts";
import { nodeRuntime } from "./runtime.ts";

test("the first of a kind is a line, those of the next ten seconds are a number in the line after", () => {
  let nowMs = 0;
  const lines: unknown[] = [];
  const logger = {
    warn: (details: unknown, message: string) => lines.push([message, details]),
    error: () => undefined,
  };
  const log = new IncidentLog({ ...nodeRuntime, nowMs: () => nowMs }, logger);

  for (let attempt = 1; attempt <= 3; attempt++) log.warn("full", { attempt }, "Full.");
  log.warn("slow", {}, "Slow.");
  nowMs = 10_000;
  for (let attempt = 4; attempt <= 5; attempt++) log.warn("full", { attempt }, "Full.");
  nowMs = 20_000;
  log.warn("full", { attempt: 6 }, "Full.");

  expect(lines).toEqual([
    ["Full.", { attempt: 1 }],
    ["Slow.", {}],
    ["Full.", { attempt: 4, more: 2 }],
    ["Full.", { attempt: 6, more: 1 }],
  ]);
});
