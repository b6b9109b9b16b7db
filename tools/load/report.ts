import { percentile } from "../replay/statistics.ts";

/** One request as its sender saw it. */
export interface Sample {
  readonly user: string;
  /** Empty = served; an error's code; null = no answer came. */
  readonly code: string | null;
  readonly latencyMs: number;
}

export interface GroupReport {
  readonly sent: number;
  readonly served: number;
  /** served / sent; null = nothing was sent. */
  readonly servedShare: number | null;
  /** Requests that were not served, by the error's code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly servedLatencyMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
}

export function groupReport(samples: readonly Sample[]): GroupReport {
  const served = samples.filter(({ code }) => code === "").map(({ latencyMs }) => latencyMs);
  const refused: Record<string, number> = {};
  for (const { code } of samples) {
    if (code === "") continue;
    const name = code ?? "no answer";
    refused[name] = (refused[name] ?? 0) + 1;
  }
  const at = (share: number): number | null => {
    const found = percentile(served, share);
    return found === null ? null : Math.round(found);
  };
  return {
    sent: samples.length,
    served: served.length,
    servedShare: samples.length === 0 ? null : served.length / samples.length,
    refused,
    servedLatencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
  };
}
