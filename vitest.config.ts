import { defineConfig } from "vitest/config";

// Sibling packages resolve to their TypeScript sources, so nothing has to be built before the tests run.
const source = ["@velaros/source", "module", "node", "development|production"];
const long = process.env["EURUS_LONG"] !== undefined;

interface Order {
  readonly maxWorkers: number;
  readonly sequence: { readonly groupOrder: number };
}

function project(name: string, include: string[], order: Order) {
  const exclude = ["**/node_modules/**", ...(long ? [] : ["test/long/**"])];
  return { extends: true as const, test: { name, include, exclude, ...order } };
}

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    setupFiles: process.env["EURUS_FUZZ_SEED"] === undefined ? [] : ["./test/support/fuzz-seed.ts"],
    retry: 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ["default", "./scripts/count-reporter.ts"],
    typecheck: { enabled: false },
    // What one package does on its own bears company. What crosses packages starts processes, watches what they do in
    // real time and counts what they use: one file at a time, and behind the others.
    projects: [
      project("packages", ["packages/*/src/**/*.test.ts"], { maxWorkers: 2, sequence: { groupOrder: 0 } }),
      project("together", ["test/**/*.test.ts"], { maxWorkers: 1, sequence: { groupOrder: 1 } }),
    ],
  },
});
