import { defineConfig } from "vitest/config";

/** What an attacker would try, against every route and every user of the warehouse: `npm run test:security`. */
export default defineConfig({
  test: {
    include: ["test/security/**/*.test.ts"],
    globalSetup: ["test/security/support/attempts.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
