import type { Charge } from "../../models/domain/charge.ts";
import type { Windows } from "../../models/policy/charges.ts";
import {
  type CounterGap,
  CountersUnknownError,
  GAP_GRAINS,
  type GapGrain,
  type UsageStoreStatus,
} from "../usage-store.ts";

/** Null: every window of now began when the log already had everything. */
export function findGap(completeSinceMs: number, windows: Windows): CounterGap | null {
  const cut = GAP_GRAINS.filter((grain) => windows[grain].startMs < completeSinceMs);
  if (cut.length === 0) return null;
  return { completeSinceMs, endsAtMs: Object.fromEntries(cut.map((grain) => [grain, windows[grain].endMs])) };
}

/** Throws {@link CountersUnknownError} when a charge has a limit of which nobody knows how much is used. */
export function requireKnown(charges: readonly Charge[], gap: CounterGap | null): void {
  if (gap === null) return;
  for (const { scope, limit, windowEndsAtMs } of charges) {
    const grain = GAP_GRAINS.find((one) => scope.endsWith(one));
    if (limit === Number.POSITIVE_INFINITY || grain === undefined) continue;
    if (windowEndsAtMs <= (gap.endsAtMs[grain] ?? 0)) throw new CountersUnknownError(describeGap(gap));
  }
}

/** `acceptedUntilMs`: an operator has said that windows with a gap may be served until then. */
export function statusOf(
  gap: CounterGap | null,
  { nowMs, acceptedUntilMs }: { readonly nowMs: number; readonly acceptedUntilMs: number },
): UsageStoreStatus {
  if (gap === null || !isOpen(gap, nowMs)) return { state: "ready" };
  return { state: "incomplete", gap, accepted: nowMs < acceptedUntilMs };
}

/** A window of it is not over. */
export function isOpen(gap: CounterGap, nowMs: number): boolean {
  return openGrains(gap, nowMs).length > 0;
}

/** What is missing, since when, and what an operator can do. */
export function describeGap(gap: CounterGap): string {
  const windows = openGrains(gap, 0).map(([grain, endMs]) => `this ${grain} (until ${iso(endMs)})`);
  return (
    `the counters were made anew from the log, which begins at ${iso(gap.completeSinceMs)}: what was used before of the limits of ` +
    `${windows.join(", ")} is not known, and requests under them are refused. They are known again in the next one; ` +
    "to serve them before on what the log has, set USAGE_STORE_ACCEPT_GAP_UNTIL to a moment and restart the gateways"
  );
}

function openGrains({ endsAtMs }: CounterGap, nowMs: number): [GapGrain, number][] {
  return GAP_GRAINS.flatMap((grain): [GapGrain, number][] => {
    const endMs = endsAtMs[grain];
    return endMs === undefined || endMs <= nowMs ? [] : [[grain, endMs]];
  });
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
