import type { Catalog } from "../../models/domain/catalog.ts";
import { resolveCatalog } from "../../models/domain/resolve-catalog.ts";

const free = {
  dailyRequests: 10,
  weeklyBudget: 0.5,
  monthlyBudget: 2,
  allowedProviders: ["cheap", "fallback"],
  maxOutputTokens: 200,
};

/** What a catalog file of these tests says; parts can be replaced. */
export function catalogDocument(replaced: Record<string, unknown> = {}): Record<string, unknown> {
  const provider = (inputPerMillion: number, outputPerMillion: number) => ({
    adapter: "openai",
    baseUrl: "https://provider.invalid/v1",
    model: "some-model",
    apiKeyEnv: "NO_SUCH_KEY",
    price: { inputPerMillion, outputPerMillion },
    timeoutSeconds: 5,
  });
  return {
    tiers: {
      free,
      premium: {
        ...free,
        dailyRequests: 1000,
        weeklyBudget: 5,
        monthlyBudget: 20,
        monthlyPrice: 10,
        allowedProviders: ["good", "cheap"],
      },
      unlimited: {
        ...free,
        dailyRequests: -1,
        weeklyBudget: 50,
        monthlyBudget: 200,
        monthlyPrice: 50,
        allowedProviders: ["best", "good", "cheap"],
      },
    },
    providers: {
      best: provider(2.5, 10),
      good: provider(0.15, 0.6),
      cheap: provider(0.1, 0.4),
      fallback: provider(0.05, 0.2),
    },
    features: { advice: {} },
    safeguards: { dailyBudget: 200, weeklyBudget: 1000 },
    ...replaced,
  };
}

export function testCatalog(replaced: Record<string, unknown> = {}): Catalog {
  const resolved = resolveCatalog(catalogDocument(replaced), {
    version: "0123456789ab",
    checkCondition: () => null,
  });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.catalog;
}
