import type { Catalog } from "../../domain/catalog.ts";
import type { ReplayClock } from "../counterfactual-clock.ts";
import { type ArmTotals, totalsOf } from "./arm-totals.ts";
import { countPassedLimits } from "./passed-limits.ts";
import type { ServedRequest } from "./served-request.ts";

export interface Ledger {
  /** `tiers`: with the limits in force when it was served. */
  add(request: ServedRequest, tiers: Catalog["tiers"]): void;
  totals(): ArmTotals;
}

/** `fromMs`: what is before is not counted; limits are watched all the time. */
export function openLedger(catalog: Catalog, clock: ReplayClock, fromMs: number): Ledger {
  const limits = countPassedLimits(catalog, clock);
  const cacheable = new Set(
    [...catalog.features.values()].filter(({ cacheMinutes }) => cacheMinutes > 0).map(({ name }) => name),
  );
  const sum = {
    requests: 0,
    answered: 0,
    failed: 0,
    denied: 0,
    paying: 0,
    payingDenied: 0,
    cached: 0,
    cacheable: 0,
    cost: 0,
    liked: 0,
    latencyMs: 0,
  };
  return {
    add(request, tiers) {
      limits.add(request, tiers);
      if (request.ts < fromMs) return;
      const { outcome, cost, liked, latency_ms, feature } = request;
      const isDenied = outcome === "denied";
      sum.requests += 1;
      sum.cost += cost;
      if (isDenied) sum.denied += 1;
      if (catalog.tiers.get(request.tier)?.premium === true) {
        sum.paying += 1;
        if (isDenied) sum.payingDenied += 1;
      }
      if (outcome === "failed") sum.failed += 1;
      if (outcome !== "ok" && outcome !== "cached") return;
      sum.answered += 1;
      sum.liked += liked;
      sum.latencyMs += latency_ms;
      if (outcome === "cached") sum.cached += 1;
      if (cacheable.has(feature)) sum.cacheable += 1;
    },
    totals: () => totalsOf({ ...sum, passedLimits: limits.passed() }),
  };
}
