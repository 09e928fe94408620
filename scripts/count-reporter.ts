import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import { countsFileVariable, countsLine } from "./test-counts.ts";
import type { TestCounts } from "./test-counts.ts";

/**
 * Ends a test run with one plain line, alone on its line, that people and CI can read at a glance. As a part
 * of `npm test`, which has more to count, it hands its numbers over in a file instead.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const counts = count(modules);
    const file = process.env[countsFileVariable];
    if (file === undefined) process.stdout.write(`${countsLine(counts)}\n`);
    else writeFileSync(file, JSON.stringify(counts));
  }
}

function count(modules: ReadonlyArray<TestModule>): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0, skippedTests: [] as string[] };
  for (const module of modules) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") counts.passed++;
      else if (result.state === "failed") counts.failed++;
      else {
        counts.skipped++;
        const reason = result.state === "skipped" && result.note ? ` (${result.note})` : "";
        counts.skippedTests.push(`${module.relativeModuleId}: ${test.fullName}${reason}`);
      }
    }
    // A file that could not be loaded, or whose preparation failed, has no failed test to show for it.
    if (module.state() === "failed" && counts.failed === failedBefore) counts.failed++;
  }
  return counts;
}
