import { formatUsd } from "../../models/domain/money.ts";
import { countAll, percentile, type Tally } from "./statistics.ts";
import type { BookDifference } from "./verdict.ts";

type Line = readonly [label: string, value: string];

/** The closing table. `elapsedMs`: from the first request to the last answer. */
export function renderTally(tally: Tally, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (tally.sent / elapsedMs) * 1000 : 0;
  return render([
    ["sent", `${tally.sent} in ${(elapsedMs / 1000).toFixed(1)} s (${perSecond.toFixed(1)}/s)`],
    ["ok", String(tally.ok)],
    ["cached", String(tally.cached)],
    ...codeLines("denied", tally.denied),
    ...codeLines("failed", tally.failed),
    ["latency p50 / p95 / p99", quantiles(tally.latenciesMs, [0.5, 0.95, 0.99])],
    ["sent late p50 / p99 / max", quantiles(tally.latenessMs, [0.5, 0.99, 1])],
    [
      "spend told by headers",
      `$${formatNano(tally.cost)} (${tally.priced} of ${tally.ok + tally.cached} answers)`,
    ],
  ]);
}

/** The books side by side. */
export function renderBooks(books: BookDifference, tally: Tally): string {
  const rows: readonly (readonly [string, string, string])[] = [
    ["", "events", "cost"],
    ["app", String(tally.sent), `$${formatNano(tally.cost)} (as told)`],
    ["gateway", String(books.gatewayEvents), `$${formatNano(books.gatewayCost)}`],
    ["log", String(books.logEvents), ""],
    ["warehouse", String(books.warehouseEvents), `$${formatNano(books.warehouseCost)}`],
  ];
  return rows
    .map(([who, events, cost]) => `  ${who.padEnd(10)}${events.padStart(10)}  ${cost}`.trimEnd())
    .join("\n");
}

/** Most frequent first. */
function codeLines(label: string, codes: ReadonlyMap<string, number>): Line[] {
  const sorted = [...codes].sort(([, left], [, right]) => right - left);
  return [
    [label, String(countAll(codes))],
    ...sorted.map(([code, count]): Line => [`  ${code}`, String(count)]),
  ];
}

function quantiles(values: readonly number[], shares: readonly number[]): string {
  const found = shares.map((share) => percentile(values, share));
  return found
    .map((value) => (value === null ? "unknown" : `${value.toFixed(value < 10 ? 1 : 0)} ms`))
    .join(" / ");
}

function render(lines: readonly Line[]): string {
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`).join("\n");
}

/** A difference of two books may be negative when they were reset in between. */
function formatNano(nano: bigint): string {
  return formatUsd(Number(nano));
}
