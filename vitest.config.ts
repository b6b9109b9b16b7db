import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/services/**", "test/faults/**", "test/security/**", "test/browser/**", "test/reports/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // The default leaves one processor out; the tests wait more than they compute.
    maxWorkers: "100%",
  },
});
