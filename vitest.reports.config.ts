import { defineConfig } from "vitest/config";

/** The reports, built from a simulated past, in a real browser (`scripts/install-browser.sh`). */
export default defineConfig({
  test: {
    include: ["test/reports/**/*.test.ts"],
    testTimeout: 120_000,
    // An install and a build are in it.
    hookTimeout: 1_800_000,
    pool: "forks",
    maxWorkers: 1,
  },
});
