import { defineConfig } from "vitest/config";

// Sibling packages resolve to their TypeScript sources, so nothing has to be built before the tests run.
const source = ["@velaros/source", "module", "node", "development|production"];
const long = process.env["EURUS_LONG"] !== undefined;

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(long ? [] : ["test/long/**"])],
    setupFiles: process.env["EURUS_FUZZ_SEED"] === undefined ? [] : ["./test/support/fuzz-seed.ts"],
    retry: 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ["default", "./scripts/count-reporter.ts"],
    typecheck: { enabled: false },
  },
});
