import {
  type BreakEven,
  findBreakEven,
  HOLD_DAYS,
  MAX_DAYS_AHEAD,
} from "../../models/business/break-even.ts";
import { breakEvenOutlook } from "../../models/business/break-even-outlook.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import { forecastSeries } from "../../models/forecast/forecast-series.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import { meanOf } from "../../models/forecast/sequence.ts";
import { simulate } from "../../models/simulation/simulate.ts";

export interface BreakEvenCheck {
  /** The day from which it was forecast, and in how many days it came; null = not within a year. */
  readonly origin: number;
  readonly truth: number | null;
  readonly earliest: number | null;
  readonly expected: number | null;
  readonly latest: number | null;
  readonly inside: boolean;
}

export interface BreakEvenYear {
  readonly seed: number;
  readonly users: number;
  readonly catalog: Catalog;
}

const START_DAY = "2025-01-01";
const DAYS = 365;
/** So that what comes of the last origin is known, too. */
const LIVED_DAYS = 560;
/** The day of each forecast, and the day around which the fixed costs let revenue and costs meet. */
const CASES = [
  [150, 230],
  [180, 300],
  [210, 300],
  [240, 330],
  [270, 330],
] as const;

/**
 * A product that grows for a year and more, with fixed costs that let it break even some months after each forecast; whether the
 * truth, counted day by day as the product lives, lies between the earliest and the latest day of the 80 % interval.
 */
export function checkBreakEven({ seed, users, catalog }: BreakEvenYear): BreakEvenCheck[] {
  const life = simulate({ seed, users, days: DAYS, startDay: START_DAY, catalog });
  const days = Array.from({ length: LIVED_DAYS }, () => life.next().value.truth);
  const revenue = days.map(({ day, monthlyRevenue }) => Math.floor(monthlyRevenue / daysInMonth(day)));
  const calls = days.map(({ cost }) => cost);
  return CASES.map(([origin, meetAt]) => {
    const fixed = meanOf(around(revenue, meetAt)) - meanOf(around(calls, meetAt));
    return checkAt(
      origin,
      revenue,
      calls.map((cost) => cost + fixed),
    );
  });
}

function checkAt(origin: number, revenue: readonly number[], costs: readonly number[]): BreakEvenCheck {
  const truth = daysOf(findBreakEven({ revenue: revenue.slice(origin), costs: costs.slice(origin) }));
  const gap = revenue.map((value, day) => value - (costs[day] ?? 0));
  const seriesOf = (values: readonly number[]) => {
    const history = values.slice(0, origin);
    return { history, points: ahead(history) };
  };
  const outlook = breakEvenOutlook({
    revenue: seriesOf(revenue),
    costs: seriesOf(costs),
    gap: seriesOf(gap).points,
  });
  const [earliest = null, expected = null, latest = null] = [
    outlook.earliest,
    outlook.expected,
    outlook.latest,
  ].map(daysOf);
  const never = Number.POSITIVE_INFINITY;
  const inside = (truth ?? never) >= (earliest ?? never) && (truth ?? never) <= (latest ?? never);
  return { origin, truth, earliest, expected, latest, inside };
}

function ahead(history: readonly number[]): readonly IntervalPoint[] {
  const made = forecastSeries(history, MAX_DAYS_AHEAD + HOLD_DAYS, { period: 7 });
  return made.kind === "forecast" ? made.points : [];
}

function around(values: readonly number[], day: number): readonly number[] {
  return values.slice(day - 14, day + 14);
}

function daysOf(result: BreakEven): number | null {
  if (result.state === "reached") return 1;
  return result.state === "expected" ? result.daysAhead : null;
}

function daysInMonth(day: string): number {
  const [year = 0, month = 0] = day.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
