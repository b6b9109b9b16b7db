import type { Catalog } from "../../models/domain/catalog.ts";
import { resolveCatalog } from "../../models/domain/resolve-catalog.ts";
import { checkCondition } from "../../models/rules/condition.ts";

const provider = (input: number, output: number, quality: number) => ({
  adapter: "openai",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "any",
  quality,
  price: { inputPerMillion: input, outputPerMillion: output },
});

/** Three providers, three tiers; what a test is about is given. */
export function testCatalog(automation: object = { targetDailySpend: 10 }, more: object = {}): Catalog {
  const document = {
    tiers: {
      free: { dailyRequests: 10, weeklyBudget: 0.5, monthlyBudget: 2, allowedProviders: ["cheap"] },
      premium: {
        dailyRequests: 100,
        weeklyBudget: 5,
        monthlyBudget: 20,
        allowedProviders: ["cheap", "middle"],
        monthlyPrice: 9.99,
      },
      unlimited: { dailyRequests: -1, weeklyBudget: 50, monthlyBudget: 200, allowedProviders: ["dear"] },
    },
    providers: { dear: provider(2.5, 10, 5), middle: provider(0.5, 2, 4), cheap: provider(0.1, 0.4, 2) },
    features: { advice: { cache: { minutes: 60, scope: "shared" } } },
    routing: { fallbackProvider: "cheap" },
    safeguards: { dailyBudget: 200, weeklyBudget: 1000 },
    automation,
    ...more,
  };
  const resolved = resolveCatalog(document, { version: "test", checkCondition });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.catalog;
}
