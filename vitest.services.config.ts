import { defineConfig } from "vitest/config";

/** Against real servers, which `global-setup.ts` starts: `npm run test:services`. */
export default defineConfig({
  test: {
    include: ["test/services/**/*.test.ts"],
    globalSetup: ["test/services/support/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 90_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
