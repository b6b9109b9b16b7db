import type { IntervalPoint } from "../forecast/interval.ts";
import { type BreakEven, breakEven } from "./break-even.ts";

export interface BusinessForecast {
  /** Of each day to come, today being the first; empty: there is not enough history. */
  readonly revenue: readonly IntervalPoint[];
  readonly costs: readonly IntervalPoint[];
  /** Of revenue - costs, forecast by itself: the two rise and fall together. */
  readonly gap: readonly IntervalPoint[];
}

export interface BreakEvenOutlook {
  readonly expected: BreakEven;
  /** With revenue - costs at the upper and at the lower end of its 80 % interval. */
  readonly best: BreakEven;
  readonly worst: BreakEven;
}

/** When revenue reaches costs by the forecast of both, and between which days with 80 % of certainty. */
export function breakEvenOutlook({ revenue, costs, gap }: BusinessForecast): BreakEvenOutlook {
  const expectedRevenue = revenue.map(({ point }) => point);
  const expectedCosts = costs.map(({ point }) => point);
  const shifted = (sign: 1 | -1): number[] =>
    expectedRevenue.map((value, day) => value + sign * halfWidth(gap[day]));
  return {
    expected: breakEven(expectedRevenue, expectedCosts),
    best: breakEven(shifted(1), expectedCosts),
    worst: breakEven(shifted(-1), expectedCosts),
  };
}

function halfWidth(day: IntervalPoint | undefined): number {
  return day === undefined ? 0 : (day.hi80 - day.lo80) / 2;
}
