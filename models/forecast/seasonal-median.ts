import type { ForecastModel } from "./model.ts";
import { quantile } from "./quantile.ts";
import { sequence } from "./sequence.ts";

export interface SeasonalMedianOptions {
  /** How many of the latest seasons are looked at. */
  readonly seasons: number;
  /** Places before and after the same place that are looked at as well. */
  readonly neighbours: number;
}

/**
 * The median of the same place in the latest seasons, and of its neighbours: next Monday is as most Mondays lately.
 * Uses the shortest season. What bursts once does not move it.
 * The moving median of Tukey (1977), Exploratory Data Analysis, chapter 7, taken along the seasonal subseries.
 */
export function seasonalMedian(name: string, { seasons, neighbours }: SeasonalMedianOptions): ForecastModel {
  return {
    name,
    forecast(history, { horizon, periods }) {
      const period = periods[0] ?? 1;
      const profile = sequence(Math.min(period, horizon), (place) => {
        const seen: number[] = [];
        for (let season = 1; season <= seasons; season++) {
          const centre = history.length - period * season + place;
          for (let t = centre - neighbours; t <= centre + neighbours; t++) {
            const value = history[t];
            if (value !== undefined) seen.push(value);
          }
        }
        return quantile(seen, 0.5);
      });
      return sequence(horizon, (step) => profile[step % period] ?? 0);
    },
  };
}
