import { defineConfig } from "vitest/config";

/** The panel in a real browser (`scripts/install-browser.sh`), on a whole running system. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 240_000,
    pool: "forks",
    // Each file runs a system and a browser of its own.
    maxWorkers: 1,
  },
});
