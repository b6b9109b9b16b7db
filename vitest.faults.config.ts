import { defineConfig } from "vitest/config";

/** Failures of every part under load, against real servers: `npm run test:faults`. One after the other, so that each is alone. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.test.ts"],
    globalSetup: ["test/faults/support/fault-table.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: "forks",
    fileParallelism: false,
  },
});
