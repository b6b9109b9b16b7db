import { tierFacts } from "../../business/tier-facts.ts";
import type { Catalog } from "../../domain/catalog.ts";
import { costOf, priceAt, type TokenUsage } from "../../domain/price.ts";
import type { Ask } from "./ask.ts";
import { judge, type Providers } from "./call.ts";
import { type ServedRequest, servedRequest } from "./served-request.ts";

/**
 * The baseline of the cost target, as the warehouse works it out (`bi_baseline_daily`): every request at the most expensive provider
 * that its tier may use, no token from a cache. So nothing is refused, and nobody steps in for a provider that fails.
 */
export function openBaseline(catalog: Catalog, providers: Providers, nowMs: number) {
  const dearest = new Map(
    tierFacts(catalog, nowMs).map(({ tier, baselineProvider }) => [
      tier,
      catalog.providers.get(baselineProvider),
    ]),
  );
  return (ask: Ask): ServedRequest => {
    const provider = dearest.get(ask.tier);
    const price = provider === undefined ? undefined : priceAt(provider.prices, ask.ts);
    if (provider === undefined || price === undefined) {
      return servedRequest(ask, { outcome: "denied", denial_reason: "no_provider" });
    }
    const { name } = provider;
    const { failed, ms } = providers.call(ask, provider);
    const asked = { route_reason: "baseline", provider: name, first_provider: name, latency_ms: ms };
    if (failed) return servedRequest(ask, { outcome: "failed", denial_reason: "provider_error", ...asked });
    const usage = uncached(ask.usage);
    const judged = judge(ask, { ...providers.qualityOf(provider, ask.incidents), latencyMs: ms });
    return servedRequest(ask, { outcome: "ok", ...asked, ...judged, usage, cost: costOf(usage, price) });
  };
}

function uncached({ input, cachedInput, ...rest }: TokenUsage): TokenUsage {
  return { ...rest, input: input + cachedInput, cachedInput: 0 };
}
