import type { IntervalPoint } from "../forecast/interval.ts";
import { growthRate, scenarioPoints } from "../forecast/scenario.ts";
import { type BreakEven, findBreakEven, type MoneyDays } from "./break-even.ts";

/** A series of complete days, oldest first, and its forecast from today on; no points: there is not enough history. */
export interface ForecastSeries {
  readonly history: readonly number[];
  readonly points: readonly IntervalPoint[];
}

export interface BusinessForecast {
  readonly revenue: ForecastSeries;
  readonly costs: ForecastSeries;
  /** Of revenue - costs, forecast by itself: the two rise and fall together. */
  readonly gap: readonly IntervalPoint[];
}

export interface BreakEvenOutlook {
  /** By the forecasts; where they do not meet, as if the growth of now went on, and the reason says so. */
  readonly expected: BreakEven;
  readonly earliest: BreakEven;
  readonly latest: BreakEven;
}

const DAYS_A_WEEK = 7;

/**
 * When revenue reaches costs by the forecast of both, and between which days with 80 % of certainty: with the gap at the ends of its
 * interval, and the forecasts as they are or as if the growth of now went on. A forecast damps growth, as is right for most series;
 * over a year, whether it goes on is most of what is not known.
 */
export function breakEvenOutlook({ revenue, costs, gap }: BusinessForecast): BreakEvenOutlook {
  const history = { revenue: revenue.history, costs: costs.history };
  const forecast = { revenue: pointsOf(revenue.points), costs: pointsOf(costs.points) };
  const growing = { revenue: pointsOf(goOn(revenue)), costs: pointsOf(goOn(costs)) };
  const ends = (sign: 1 | -1): readonly BreakEven[] =>
    [forecast, growing].map((one) => {
      const widened = one.revenue.map((value, day) => value + sign * halfWidth(gap[day]));
      return findBreakEven({ revenue: widened, costs: one.costs }, history);
    });
  const byForecast = findBreakEven(forecast, history);
  return {
    expected: byForecast.state === "beyond" ? continueGrowth(byForecast, growing) : byForecast,
    earliest: ends(1).reduce((a, b) => (daysUntil(b) < daysUntil(a) ? b : a)),
    latest: ends(-1).reduce((a, b) => (daysUntil(b) > daysUntil(a) ? b : a)),
  };
}

/** A day is missing most often because a forecast over a year damps growth, and not because there is none. */
function continueGrowth(byForecast: BreakEven, growing: MoneyDays): BreakEven {
  const found = findBreakEven(growing);
  if (found.state !== "expected") return byForecast;
  return {
    ...found,
    reason: `if revenue and costs go on growing as now, they meet in ${found.daysAhead} days`,
  };
}

function goOn({ history, points }: ForecastSeries): IntervalPoint[] {
  if (points.length === 0) return [];
  return scenarioPoints(history, points, { rate: growthRate(history, DAYS_A_WEEK), period: DAYS_A_WEEK });
}

function pointsOf(points: readonly IntervalPoint[]): number[] {
  return points.map(({ point }) => point);
}

function daysUntil(result: BreakEven): number {
  switch (result.state) {
    case "reached":
      return -result.daysSince;
    case "expected":
      return result.daysAhead;
    case "beyond":
    case "unknown":
      return Number.POSITIVE_INFINITY;
  }
}

function halfWidth(day: IntervalPoint | undefined): number {
  return day === undefined ? 0 : (day.hi80 - day.lo80) / 2;
}
