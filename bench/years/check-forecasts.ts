import { forecastSeries } from "../../models/forecast/forecast-series.ts";
import { at, meanOf, sequence, sumOf } from "../../models/forecast/sequence.ts";
import { sumInterval } from "../../models/forecast/sum-interval.ts";

export interface ForecastCheck {
  readonly origins: number;
  /** Mean absolute error of the sum of 30 days / the mean of those sums. */
  readonly forecast: number;
  readonly seasonalNaive: number;
  readonly straightLine: number;
  /** The same of single days. */
  readonly forecastDaily: number;
  readonly seasonalNaiveDaily: number;
  readonly straightLineDaily: number;
  /** Shares of sums, and of days, inside the intervals. */
  readonly sumsInside80: number;
  readonly sumsInside95: number;
  readonly daysInside80: number;
  readonly daysInside95: number;
}

const HORIZON = 30;
const FIRST_ORIGIN = 90;
const STEP = 7;
const LINE_DAYS = 56;

/** Each week of the year, what would have been forecast of the next 30 days, and what came. */
export function checkForecasts(spend: readonly number[]): ForecastCheck {
  const checks: ReturnType<typeof checkAt>[] = [];
  for (let origin = FIRST_ORIGIN; origin + HORIZON <= spend.length; origin += STEP) {
    checks.push(checkAt(spend.slice(0, origin), spend.slice(origin, origin + HORIZON)));
  }
  type Check = ReturnType<typeof checkAt>;
  const mean = (of: (check: Check) => number): number => meanOf(checks.map(of));
  const total = mean(({ actual }) => actual);
  return {
    origins: checks.length,
    forecast: mean(({ sums }) => sums.forecast) / total,
    seasonalNaive: mean(({ sums }) => sums.naive) / total,
    straightLine: mean(({ sums }) => sums.line) / total,
    forecastDaily: (mean(({ days }) => days.forecast) * HORIZON) / total,
    seasonalNaiveDaily: (mean(({ days }) => days.naive) * HORIZON) / total,
    straightLineDaily: (mean(({ days }) => days.line) * HORIZON) / total,
    sumsInside80: mean(({ inside }) => inside.sum80),
    sumsInside95: mean(({ inside }) => inside.sum95),
    daysInside80: mean(({ inside }) => inside.days80),
    daysInside95: mean(({ inside }) => inside.days95),
  };
}

function checkAt(known: readonly number[], coming: readonly number[]) {
  const made = forecastSeries(known, HORIZON, { period: 7 });
  if (made.kind !== "forecast") throw new Error("a year has history enough");
  const points = made.points.map(({ point }) => point);
  const naive = sequence(HORIZON, (step) => at(known, known.length - 7 + (step % 7)));
  const line = continueLine(known.slice(-LINE_DAYS));
  const actual = sumOf(coming);
  const sum = sumInterval(made.points, made.errors, { steps: HORIZON, floor: 0 });
  const missed = (values: readonly number[]): number => Math.abs(sumOf(values) - actual);
  const apart = (values: readonly number[]): number =>
    meanOf(values.map((value, day) => Math.abs(value - at(coming, day))));
  const share = (isInside: (day: number) => boolean): number =>
    meanOf(coming.map((_, day) => (isInside(day) ? 1 : 0)));
  const within = (value: number, low: number | undefined, high: number | undefined): boolean =>
    low !== undefined && high !== undefined && value >= low && value <= high;
  return {
    actual,
    sums: { forecast: missed(points), naive: missed(naive), line: missed(line) },
    days: { forecast: apart(points), naive: apart(naive), line: apart(line) },
    inside: {
      sum80: within(actual, sum.lo80, sum.hi80) ? 1 : 0,
      sum95: within(actual, sum.lo95, sum.hi95) ? 1 : 0,
      days80: share((day) => within(at(coming, day), made.points[day]?.lo80, made.points[day]?.hi80)),
      days95: share((day) => within(at(coming, day), made.points[day]?.lo95, made.points[day]?.hi95)),
    },
  };
}

/** Least squares over the last weeks. */
function continueLine(known: readonly number[]): number[] {
  const middle = (known.length - 1) / 2;
  const level = meanOf(known);
  const slope =
    sumOf(known.map((value, t) => (t - middle) * (value - level))) /
    sumOf(known.map((_, t) => (t - middle) ** 2));
  return sequence(HORIZON, (step) => Math.max(0, level + slope * (known.length + step - middle)));
}
