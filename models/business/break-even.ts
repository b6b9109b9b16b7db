/** Days for which revenue must stay at or above costs before it counts. */
export const HOLD_DAYS = 30;
export const MAX_DAYS_AHEAD = 365;

export type BreakEven =
  | { readonly found: true; readonly daysAhead: number; readonly reason: string }
  | { readonly found: false; readonly reason: string };

/**
 * The first day of two forecasts (index 0 = today) on which revenue reaches costs and stays there for {@link HOLD_DAYS} days, or to
 * the end of the forecast. Equal units in both.
 */
export function breakEven(revenue: readonly number[], costs: readonly number[]): BreakEven {
  const days = Math.min(revenue.length, costs.length);
  let since: number | null = null;
  for (let day = 0; day < days; day += 1) {
    const covered = (revenue[day] ?? 0) >= (costs[day] ?? 0);
    if (!covered) since = null;
    else since ??= day;
    if (since !== null && day - since + 1 >= HOLD_DAYS) break;
  }
  if (since === null || since >= MAX_DAYS_AHEAD) return notFound(revenue, costs, days);
  const reason =
    since === 0
      ? "revenue covers the costs already, and is forecast to go on so"
      : `revenue is forecast to reach the costs in ${since + 1} days`;
  return { found: true, daysAhead: since + 1, reason };
}

function notFound(revenue: readonly number[], costs: readonly number[], days: number): BreakEven {
  if (days === 0) return { found: false, reason: "there is not enough history to forecast" };
  const gap = (day: number): number => (costs[day] ?? 0) - (revenue[day] ?? 0);
  const closing = gap(days - 1) < gap(0);
  return {
    found: false,
    reason: closing
      ? `the gap between costs and revenue gets smaller, but is not closed within ${days} days`
      : `costs are forecast to stay above revenue for the next ${days} days, and the gap does not get smaller`,
  };
}
