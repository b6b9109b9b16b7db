import { residualOf } from "../../models/anomaly/residual.ts";
import type { WatchedSeries } from "../../models/anomaly/watch.ts";
import { quantile } from "../../models/forecast/quantile.ts";
import type { Incident } from "../../models/simulation/incident.ts";
import {
  LEAST_ROWS,
  LEAST_SHARE,
  MAD_TO_SIGMA,
  rowsBefore,
  rowsDuring,
  scaleOf,
  usualShare,
} from "./true-effect.ts";

/**
 * How far the strongest hour or day of an incident came to be from the same hours (the days) of the four weeks before, in
 * robust deviations. Not what the incident did: of a dozen hours, one is two deviations away by chance alone.
 */
export function strongestSigmas(series: WatchedSeries, incident: Incident): number {
  const { metric } = series;
  let most = 0;
  for (const row of rowsDuring(series, incident)) {
    const before = rowsBefore(series, row);
    if (row.weight === 0 || before.length < LEAST_ROWS) continue;
    if (metric === "error-rate") {
      most = Math.max(most, residualOf("share", row, usualShare(before)));
      continue;
    }
    const scaled = scaleOf(metric);
    const values = before.map(({ value }) => scaled(value));
    const middle = quantile(values, 0.5);
    const distances = values.map((value) => Math.abs(value - middle));
    const sigma = MAD_TO_SIGMA * quantile(distances, 0.5);
    most = Math.max(most, Math.abs(scaled(row.value) - middle) / Math.max(sigma, LEAST_SHARE));
  }
  return most;
}
