import type { ForecastTask } from "./model.ts";
import { normalCdf } from "./normal.ts";
import { quantile } from "./quantile.ts";
import { chooseScale, type Scale } from "./scale.ts";
import { decompose } from "./seasonal-decomposition.ts";
import { at, meanOf, sequence, sumOf } from "./sequence.ts";

/** The slope is that of so many seasons: eleven weeks. */
const TREND_SEASONS = 11;
/** With less history there is no trend to tell from chance. */
const MIN_SEASONS = 8;
/** The trend starts from the mean of so many seasons. */
const LEVEL_SEASONS = 4;
/** Carried on for so many seasons; then it stays where it is, and counts for less and less. */
const REACH_SEASONS = 4;
/** A trend is worth nothing within a season or two. */
const MIN_HORIZON_SEASONS = 2;
const SEASON_DECAY = 0.9;
/** Of the trend against the combination, where nothing speaks against trends (METHOD.md). */
const SHARE = 2 / 3;
/** Tests of the past that count as not significant together: few tests prove nothing. */
const PRIOR_TESTS = 4;

/**
 * A forecast drawn towards the trend of the last eleven seasons. The models of the pool know hardly any trend, and days that are
 * noisy do not tell which model sees growth; over some weeks growth is what counts. How much of it is believed depends on whether
 * trends went on in this very series: where they turned round again and again, as over holidays, nothing is.
 * A combination with a fixed share, as in Bates & Granger (1969), Operational Research Quarterly 20, p. 453.
 */
export function blendTrend(
  history: readonly number[],
  forecast: readonly number[],
  periods: readonly number[],
): number[] {
  const period = periods.at(-1);
  const isTooShort =
    period === undefined ||
    forecast.length < MIN_HORIZON_SEASONS * period ||
    history.length < MIN_SEASONS * period;
  if (isTooShort) return [...forecast];
  const scale = chooseScale(history);
  const { adjusted, seasonAt } = decompose(history.map(scale.forward), periods, { decay: SEASON_DECAY });
  const share = SHARE * plausibility(adjusted, { horizon: forecast.length, periods });
  const reach = REACH_SEASONS * period;
  const path = continueTrend(history, { adjusted, seasonAt, scale, period, steps: forecast.length });
  return forecast.map((value, step) => {
    const weight = share * Math.min(1, reach / (step + 1));
    return (1 - weight) * value + weight * at(path, step);
  });
}

interface Trend {
  readonly adjusted: readonly number[];
  seasonAt(step: number): number;
  readonly scale: Scale;
  readonly period: number;
  readonly steps: number;
}

/**
 * On logarithms the mean is drawn back to that of the values themselves, since sums are asked for.
 * Duan (1983), "Smearing estimate: a nonparametric retransformation method", JASA 78, p. 605.
 */
function continueTrend(
  history: readonly number[],
  { adjusted, seasonAt, scale, period, steps }: Trend,
): number[] {
  const slope = medianSlope(adjusted.slice(-TREND_SEASONS * period));
  const near = adjusted.slice(-LEVEL_SEASONS * period);
  const level = meanOf(near) + (slope * (near.length + 1)) / 2;
  const reach = REACH_SEASONS * period;
  const valueAt = (step: number): number =>
    scale.back(level + slope * Math.min(step, reach) + seasonAt(step));
  const ahead = sequence(steps, valueAt);
  if (scale.name === "identity") return ahead;
  const fitted = sumOf(sequence(near.length, (index) => valueAt(index - near.length)));
  const ratio = fitted > 0 ? sumOf(history.slice(-near.length)) / fitted : 1;
  return ahead.map((value) => Math.max(0, value * ratio));
}

/**
 * How likely it is that trends go on here, from 0 to 1: the two-sided p-value of the hypothesis that they turn round, where they did so
 * on the whole; else 1. What came in each past horizon is regressed on what the trend before it said, through the origin.
 */
function plausibility(adjusted: readonly number[], { horizon, periods }: ForecastTask): number {
  const period = periods.at(-1) ?? 1;
  const steps = Math.min(horizon, Math.floor(adjusted.length / 4));
  const means = seasonMeans(adjusted, period);
  const ahead = Math.max(1, Math.round(steps / period));
  const pairs: { said: number; came: number }[] = [];
  for (let origin = means.length - ahead; origin >= TREND_SEASONS; origin -= ahead) {
    const slope = medianSlope(means.slice(origin - TREND_SEASONS, origin));
    const level = meanOf(means.slice(origin - LEVEL_SEASONS, origin)) + (slope * (LEVEL_SEASONS - 1)) / 2;
    pairs.push({
      said: (slope * (ahead + 1)) / 2,
      came: meanOf(means.slice(origin, origin + ahead)) - level,
    });
  }
  const square = sumOf(pairs.map(({ said }) => said * said));
  if (pairs.length < 2 || square === 0) return 1;
  const held = sumOf(pairs.map(({ said, came }) => said * came)) / square;
  if (held >= 0) return 1;
  const missed = sumOf(pairs.map(({ said, came }) => (came - held * said) ** 2)) / (pairs.length - 1);
  const deviation = Math.sqrt((missed / square) * (1 + PRIOR_TESTS / pairs.length));
  return deviation === 0 ? 0 : 2 * normalCdf(held / deviation);
}

/** Of whole seasons, the oldest first, up to the last value. */
function seasonMeans(values: readonly number[], period: number): number[] {
  const seasons = Math.floor(values.length / period);
  const first = values.length - seasons * period;
  return sequence(seasons, (season) =>
    meanOf(values.slice(first + season * period, first + (season + 1) * period)),
  );
}

/** Sen (1968), "Estimates of the regression coefficient based on Kendall's tau", JASA 63, p. 1381. */
export function medianSlope(values: readonly number[]): number {
  const slopes = new Float64Array((values.length * (values.length - 1)) / 2);
  let count = 0;
  for (let to = 1; to < values.length; to++) {
    for (let from = 0; from < to; from++) {
      slopes[count] = (at(values, to) - at(values, from)) / (to - from);
      count += 1;
    }
  }
  return count === 0 ? 0 : quantile(slopes, 0.5);
}
