/** What a run of tests came to. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** File, name and reason of each test that was skipped. */
  readonly skippedTests: readonly string[];
}

/** Names the environment variable that holds the file to which vitest's reporter hands its numbers. */
export const countsFileVariable = "EURUS_TEST_COUNTS";

/** The line that ends every run. */
export function countsLine(counts: Omit<TestCounts, "skippedTests">): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
