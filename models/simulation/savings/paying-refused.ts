import type { Catalog } from "../../domain/catalog.ts";
import type { ServedRequest } from "./served-request.ts";

/** What share of the last day's requests of tiers that pay their own plan has refused. */
export interface PayingRefused {
  /** Requests must come in the order of their time. */
  add(request: ServedRequest): void;
  /** Null = too few. */
  share(nowMs: number): number | null;
}

const DAY_MS = 24 * 3_600_000;
/** As the pipeline's query of the rules' metrics. */
const MIN_REQUESTS = 50;

export function openPayingRefused({ tiers }: Catalog): PayingRefused {
  let requests: { readonly ts: number; readonly refused: boolean }[] = [];
  let [oldest, refused] = [0, 0];
  const forgetBefore = (ms: number): void => {
    for (let first = requests[oldest]; first !== undefined && first.ts <= ms; first = requests[oldest]) {
      if (first.refused) refused -= 1;
      oldest += 1;
    }
    if (oldest < requests.length / 2) return;
    requests = requests.slice(oldest);
    oldest = 0;
  };
  return {
    add({ ts, tier, outcome, denial_reason: reason }) {
      if (tiers.get(tier)?.premium !== true) return;
      const isRefused = outcome === "denied" && reason === "daily_requests_exceeded";
      requests.push({ ts, refused: isRefused });
      if (isRefused) refused += 1;
    },
    share(nowMs) {
      forgetBefore(nowMs - DAY_MS);
      const count = requests.length - oldest;
      return count < MIN_REQUESTS ? null : refused / count;
    },
  };
}
