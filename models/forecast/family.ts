import type { Forecast } from "./forecast.ts";
import { type ForecastOptions, forecastSeries } from "./forecast-series.ts";
import type { IntervalPoint } from "./interval.ts";
import { reconcile } from "./reconcile.ts";
import { growthRate, SCENARIOS, type Scenario, scenarioPoints, scenarioRate } from "./scenario.ts";
import { type SumInterval, sumInterval } from "./sum-interval.ts";

export interface FamilyPart {
  /** Such as `provider=gpt-4o`. */
  readonly name: string;
  /** As long as the total, where the parts sum to it. */
  readonly values: readonly number[];
}

/** A total, and its parts by several groupings; the parts of a grouping sum to the total. */
export interface SeriesFamily {
  readonly name: string;
  readonly total: readonly number[];
  readonly groups: readonly (readonly FamilyPart[])[];
  /** Parts that do not sum to the total, such as the users of each provider: each is forecast by itself. */
  readonly overlapping?: readonly FamilyPart[];
}

export type MadeForecast = Extract<Forecast, { kind: "forecast" }>;

export interface PartForecast {
  readonly name: string;
  readonly forecast: MadeForecast;
}

export interface FamilyForecast {
  readonly name: string;
  /** Coherent with every grouping of the parts. */
  readonly total: MadeForecast;
  readonly groups: readonly (readonly PartForecast[])[];
  readonly overlapping: readonly PartForecast[];
  /** Of the total: 0.01 = about 1 % a day. */
  readonly growth: number;
  readonly scenarios: Readonly<Record<Scenario, readonly IntervalPoint[]>>;
  /** Of the total over the first 7, 30 and 90 steps, as far as they are forecast. */
  readonly sums: readonly SumInterval[];
}

const SUMMED_STEPS = [7, 30, 90];

/** Forecasts a total and its parts so that they agree, with scenarios of the total. The history holds no negative value. */
export function forecastFamily(
  { name, total, groups, overlapping = [] }: SeriesFamily,
  horizon: number,
  options: ForecastOptions,
): FamilyForecast | null {
  const whole = forecastSeries(total, horizon, options);
  if (whole.kind !== "forecast") return null;
  const forecastParts = (parts: readonly FamilyPart[]): PartForecast[] =>
    parts.flatMap((part) => {
      const forecast = forecastSeries(part.values, horizon, options);
      return forecast.kind === "forecast" ? [{ name: part.name, forecast }] : [];
    });
  const made = groups.map(forecastParts);
  const coherent = reconcile(
    whole.points,
    made.map((parts) => ({ parts: parts.map(({ forecast }) => forecast.points) })),
    { nonNegative: true },
  );
  const growth = growthRate(total, options.period);
  const scenario = (kind: Scenario): IntervalPoint[] =>
    scenarioPoints(total, coherent.total, { rate: scenarioRate(growth, kind), period: options.period });
  const [conservative, optimistic, pessimistic] = SCENARIOS;
  return {
    name,
    total: { ...whole, points: coherent.total },
    groups: made.map((parts, group) =>
      parts.map((part, index) => ({
        name: part.name,
        forecast: { ...part.forecast, points: coherent.groups[group]?.[index] ?? part.forecast.points },
      })),
    ),
    overlapping: forecastParts(overlapping),
    growth,
    scenarios: {
      conservative: scenario(conservative),
      optimistic: scenario(optimistic),
      pessimistic: scenario(pessimistic),
    },
    sums: SUMMED_STEPS.filter((steps) => steps <= horizon).map((steps) =>
      sumInterval(coherent.total, whole.errors, { steps, floor: 0 }),
    ),
  };
}
