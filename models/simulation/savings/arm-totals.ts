/** What is counted of a period in one arm; adds up. Money in nano-dollars. */
export interface ArmCounts {
  readonly requests: number;
  readonly answered: number;
  readonly failed: number;
  readonly denied: number;
  /** Of tiers that pay. */
  readonly paying: number;
  readonly payingDenied: number;
  readonly cached: number;
  /** Answers of features that the catalog caches. */
  readonly cacheable: number;
  readonly cost: number;
  /** Sum of what users think of all answers, 1 to 5 each, whether they say so or not. */
  readonly liked: number;
  /** Of all answers. */
  readonly latencyMs: number;
  /** Days, weeks and months in which a limit was passed. */
  readonly passedLimits: number;
}

/** What a period came to in one arm; null = there was nothing to take a mean of. */
export interface ArmTotals {
  readonly counts: ArmCounts;
  readonly satisfaction: number | null;
  /** Answered / served; what was denied is not served. */
  readonly availability: number | null;
  readonly meanLatencyMs: number | null;
  readonly hitRate: number | null;
  readonly deniedShare: number;
  readonly payingDeniedShare: number;
}

export function totalsOf(counts: ArmCounts): ArmTotals {
  const { requests, answered, failed, denied, paying, payingDenied, cached, cacheable } = counts;
  return {
    counts,
    satisfaction: ratio(counts.liked, answered),
    availability: ratio(answered, answered + failed),
    meanLatencyMs: ratio(counts.latencyMs, answered),
    hitRate: ratio(cached, cacheable),
    deniedShare: ratio(denied, requests) ?? 0,
    payingDeniedShare: ratio(payingDenied, paying) ?? 0,
  };
}

export function addCounts(a: ArmCounts, b: ArmCounts): ArmCounts {
  return {
    requests: a.requests + b.requests,
    answered: a.answered + b.answered,
    failed: a.failed + b.failed,
    denied: a.denied + b.denied,
    paying: a.paying + b.paying,
    payingDenied: a.payingDenied + b.payingDenied,
    cached: a.cached + b.cached,
    cacheable: a.cacheable + b.cacheable,
    cost: a.cost + b.cost,
    liked: a.liked + b.liked,
    latencyMs: a.latencyMs + b.latencyMs,
    passedLimits: a.passedLimits + b.passedLimits,
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
