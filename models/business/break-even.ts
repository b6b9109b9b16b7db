/** Days for which revenue must stay at or above costs before it counts. */
export const HOLD_DAYS = 30;
export const MAX_DAYS_AHEAD = 365;

export type BreakEven =
  /** Revenue covers the costs already: since so many days before today (0 = from today on), as far back as the history goes. */
  | { readonly state: "reached"; readonly daysSince: number; readonly reason: string }
  /** It is forecast to; today is day 1. */
  | { readonly state: "expected"; readonly daysAhead: number; readonly reason: string }
  | { readonly state: "beyond"; readonly reason: string }
  | { readonly state: "unknown"; readonly reason: string };

/** Revenue and costs of days in a row, in equal units. */
export interface MoneyDays {
  readonly revenue: readonly number[];
  readonly costs: readonly number[];
}

/**
 * The first day of the forecast (index 0 = today) on which revenue reaches costs and stays there for {@link HOLD_DAYS} days, or to
 * the end of the forecast. Where that is today already, the day since when it has been so without a break in the history.
 */
export function findBreakEven(
  forecast: MoneyDays,
  history: MoneyDays = { revenue: [], costs: [] },
): BreakEven {
  const days = Math.min(forecast.revenue.length, forecast.costs.length);
  if (days === 0) return { state: "unknown", reason: "not enough history" };
  let since: number | null = null;
  for (let day = 0; day < days; day += 1) {
    if (!isCovered(forecast, day)) since = null;
    else since ??= day;
    if (since !== null && day - since + 1 >= HOLD_DAYS) break;
  }
  if (since === 0) return describeReached(history);
  if (since === null || since >= MAX_DAYS_AHEAD)
    return { state: "beyond", reason: explainGap(forecast, days) };
  const daysAhead = since + 1;
  return {
    state: "expected",
    daysAhead,
    reason: `revenue is forecast to reach the costs in ${daysAhead} days`,
  };
}

function describeReached(history: MoneyDays): BreakEven {
  const days = Math.min(history.revenue.length, history.costs.length);
  let daysSince = 0;
  while (daysSince < days && isCovered(history, days - 1 - daysSince)) daysSince += 1;
  const whole = days > 0 && daysSince === days ? ", as long as there is history" : "";
  return {
    state: "reached",
    daysSince,
    reason: `revenue has covered the costs for ${daysSince} days${whole}, and is forecast to go on so`,
  };
}

function isCovered({ revenue, costs }: MoneyDays, day: number): boolean {
  return (revenue[day] ?? 0) >= (costs[day] ?? 0);
}

function explainGap({ revenue, costs }: MoneyDays, days: number): string {
  const gap = (day: number): number => (costs[day] ?? 0) - (revenue[day] ?? 0);
  return gap(days - 1) < gap(0)
    ? `the gap between costs and revenue gets smaller, but is not closed within ${days} days`
    : `costs are forecast to stay above revenue for the next ${days} days, and the gap does not get smaller`;
}
