import type { ForecastModel } from "./model.ts";
import { at, lastOf, meanOf, sequence } from "./sequence.ts";

/** 90 % two-sided quantile of the standard normal distribution. */
const Z90 = 1.645;
const MIN_SEASONS = 3;

/**
 * The last value, seasonally adjusted by the classical multiplicative decomposition where an autocorrelation test
 * finds a season: what the M4 competition's OWA is relative to. Not in the pool.
 * Makridakis, Spiliotis & Assimakopoulos (2020), "The M4 competition", Int. J. Forecasting 36, p. 57 and appendix A.
 */
export const naive2: ForecastModel = {
  name: "naive-2",
  forecast(history, { horizon, periods }) {
    const period = periods[0] ?? 1;
    const last = history.length - 1;
    if (period === 1 || !isSeasonal(history, period)) return sequence(horizon, () => lastOf(history));
    const factors = seasonalFactors(history, period);
    const level = at(history, last) / at(factors, last % period);
    return sequence(horizon, (step) => level * at(factors, (history.length + step) % period));
  },
};

function isSeasonal(values: readonly number[], period: number): boolean {
  if (values.length < MIN_SEASONS * period) return false;
  const mean = meanOf(values);
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let t = lag; t < values.length; t++) sum += (at(values, t) - mean) * (at(values, t - lag) - mean);
    return sum;
  };
  const variance = covariance(0);
  if (variance === 0) return false;
  let spread = 1;
  for (let lag = 1; lag < period; lag++) spread += 2 * (covariance(lag) / variance) ** 2;
  return Math.abs(covariance(period) / variance) > Z90 * Math.sqrt(spread / values.length);
}

/** With a mean of 1; values over their centred moving average, averaged by place in the season. */
function seasonalFactors(values: readonly number[], period: number): number[] {
  const half = Math.floor(period / 2);
  const ratios: number[][] = Array.from({ length: period }, () => []);
  for (let t = half; t < values.length - half; t++) {
    let sum = 0;
    for (let i = -half; i <= half; i++) {
      const weight = period % 2 === 0 && Math.abs(i) === half ? 0.5 : 1;
      sum += weight * at(values, t + i);
    }
    if (sum > 0) ratios[t % period]?.push((at(values, t) * period) / sum);
  }
  const factors = ratios.map((seen) => (seen.length === 0 ? 1 : Math.max(meanOf(seen), Number.EPSILON)));
  const centre = meanOf(factors);
  return factors.map((factor) => factor / centre);
}
