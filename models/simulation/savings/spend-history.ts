import type { CalendarWindow } from "../../domain/window.ts";
import type { ServedRequest } from "./served-request.ts";

/** Spend and requests by quarter hours, and what complete days came to. Nano-dollars. */
export interface SpendHistory {
  add(request: ServedRequest): void;
  /** A day is over. */
  closeDay(activeUsers: number): void;
  /** Complete days, oldest first, without the first one: it is rarely a whole one. */
  days(): readonly CompleteDay[];
  /** What today comes to, if its rest is like the rest of the last days; null = there is no full day yet. */
  projected(nowMs: number, today: Pick<CalendarWindow, "endMs">): number | null;
  /** Requests of the last hour over their median at that hour of the last days; null = too few. */
  usageRatio(nowMs: number): number | null;
  spentToday(): number;
}

export interface CompleteDay {
  readonly spend: number;
  readonly requests: number;
  readonly activeUsers: number;
}

const QUARTER_MS = 15 * 60_000;
const DAY_QUARTERS = 96;
const HOUR_QUARTERS = 4;
/** As `bi_realtime` and the query of the alerts' inputs look back. */
const MAX_DAYS = 14;
const MIN_RATIO_REQUESTS = 50;
const MIN_RATIO_DAYS = 3;

export function openSpendHistory(startMs: number): SpendHistory {
  const costs: number[] = [];
  const counts: number[] = [];
  const days: CompleteDay[] = [];
  let today = { spend: 0, requests: 0 };
  const quarterOf = (ms: number): number => Math.floor((ms - startMs) / QUARTER_MS);
  const sumOf = (values: readonly number[], from: number, until: number): number => {
    let sum = 0;
    for (let quarter = Math.max(0, from); quarter < until; quarter += 1) sum += values[quarter] ?? 0;
    return sum;
  };
  return {
    add({ ts, cost }) {
      const quarter = quarterOf(ts);
      costs[quarter] = (costs[quarter] ?? 0) + cost;
      counts[quarter] = (counts[quarter] ?? 0) + 1;
      today.spend += cost;
      today.requests += 1;
    },
    closeDay(activeUsers) {
      days.push({ ...today, activeUsers });
      today = { spend: 0, requests: 0 };
    },
    days: () => days.slice(1),
    projected(nowMs, { endMs }) {
      const full = Math.min(MAX_DAYS, Math.floor(quarterOf(nowMs) / DAY_QUARTERS));
      if (full === 0) return null;
      const quarter = quarterOf(nowMs);
      const left = 1 - ((nowMs - startMs) % QUARTER_MS) / QUARTER_MS;
      let rest = 0;
      for (let day = 1; day <= full; day += 1) {
        const then = quarter - day * DAY_QUARTERS;
        rest +=
          (costs[then] ?? 0) * left + sumOf(costs, then + 1, quarterOf(endMs - 1) + 1 - day * DAY_QUARTERS);
      }
      return today.spend + rest / full;
    },
    usageRatio(nowMs) {
      const quarter = quarterOf(nowMs);
      const hourOf = (end: number): number => sumOf(counts, end - HOUR_QUARTERS, end);
      const now = hourOf(quarter);
      const full = Math.min(MAX_DAYS, Math.floor((quarter - HOUR_QUARTERS) / DAY_QUARTERS));
      if (now < MIN_RATIO_REQUESTS || full < MIN_RATIO_DAYS) return null;
      const usual = medianOf(
        Array.from({ length: full }, (_, day) => hourOf(quarter - (day + 1) * DAY_QUARTERS)),
      );
      return usual === 0 ? null : now / usual;
    },
    spentToday: () => today.spend,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
