import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** A provider for each adapter, named after it. */
export const ADAPTERS = ["openai", "openai-compatible", "gemini", "perplexity"] as const;

export function startClientGateway(): Promise<TestGateway> {
  const provider = (adapter: string, outputPerMillion = 0.4) => ({
    adapter,
    baseUrl: "https://provider.invalid/v1",
    model: "some-model",
    apiKeyEnv: "NO_SUCH_KEY",
    price: { inputPerMillion: 0.1, outputPerMillion, perRequest: adapter === "perplexity" ? 0.001 : 0 },
    timeoutSeconds: 20,
  });
  const limits = { dailyRequests: -1, weeklyBudget: 5, monthlyBudget: 20, maxOutputTokens: 2_000 };
  return startTestGateway({
    catalog: testCatalog({
      tiers: { free: { ...limits, allowedProviders: [...ADAPTERS] } },
      providers: Object.fromEntries(ADAPTERS.map((adapter) => [adapter, provider(adapter)])),
      embeddings: { "text-embedding-3-small": provider("openai", 0) },
      routing: { fallbackProvider: "openai" },
    }),
  });
}

/** The settings that every client takes: where, with which key, for whom. */
export function settingsFor({ url, key }: TestGateway, user: string) {
  return { baseURL: `${url}/v1`, apiKey: key, headers: { "x-vigor-user": user } };
}

/** The one event of a user. */
export async function eventOf(gateway: TestGateway, user: string) {
  const events = (await gateway.events()).filter(({ user_id }) => user_id === user);
  const [event] = events;
  if (event === undefined || events.length !== 1) throw new Error(`${user} has ${events.length} events`);
  return event;
}
