/** A rest of the day that costs less says nothing about a pace. USD. */
const MIN_REST = 0.01;

/**
 * Whether the day's money lasts: what the target leaves for today over what the rest of today is expected to cost, by the hours that
 * are still to come and not by a straight line, so that the evening's peak is not starved by the afternoon. Below 1 it does not last;
 * 0.5: the rest of the day must get by with half of what it would cost. Null: the rest is not known, or next to nothing. USD.
 */
export function budgetPace(day: {
  readonly targetSpend: number;
  readonly dailySpend: number;
  readonly projected: number | null;
}): number | null {
  const { targetSpend, dailySpend, projected } = day;
  if (projected === null || projected - dailySpend < MIN_REST) return null;
  return Math.max(0, targetSpend - dailySpend) / (projected - dailySpend);
}
