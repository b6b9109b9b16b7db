/** A catalog in which money is no matter: a load test is about who is served, and how fast. */
export function loadCatalog(providerUrl: string, highLoadFrom: number): Record<string, unknown> {
  const provider = (name: string, outputPerMillion: number) => ({
    adapter: "openai",
    baseUrl: `${providerUrl}/${name}/v1`,
    model: name,
    price: { inputPerMillion: outputPerMillion / 4, outputPerMillion },
    timeoutSeconds: 60,
  });
  const tier = { dailyRequests: -1, weeklyBudget: 1000, monthlyBudget: 1000, maxOutputTokens: 500 };
  return {
    tiers: {
      free: { ...tier, allowedProviders: ["gemini-flash", "fallback"] },
      premium: { ...tier, monthlyPrice: 10, allowedProviders: ["gpt-4o-mini", "gemini-flash"] },
    },
    providers: {
      "gpt-4o-mini": provider("gpt-4o-mini", 0.6),
      "gemini-flash": provider("gemini-flash", 0.4),
      fallback: provider("fallback", 0.2),
    },
    routing: {
      highLoad: {
        requestsPerMinute: highLoadFrom,
        concurrentUsers: 500,
        providers: ["gemini-flash", "fallback"],
        userRequestsPerMinute: 10,
      },
    },
    safeguards: { dailyBudget: 100_000, weeklyBudget: 100_000 },
  };
}
