import type { ForecastModel, ForecastTask } from "./model.ts";
import { believableRange, chooseScale, IDENTITY } from "./scale.ts";
import { decompose } from "./seasonal-decomposition.ts";
import { at, clamp } from "./sequence.ts";

export interface SeasonalIndexOptions {
  /** How much of its weight a season keeps when a newer one has passed. */
  readonly decay: number;
  /** `log`: seasons multiply; `plain`: they add up, whatever the values are. */
  readonly scale: "log" | "plain";
  /** `first`: only the shortest season is taken out. */
  readonly seasons: "all" | "first";
  /** Carries on what is left without its seasons. */
  readonly carryOn: (adjusted: readonly number[], task: ForecastTask) => number[];
}

/**
 * Takes the seasons out, carries the rest on, and puts the seasons back.
 * Makridakis, Spiliotis & Assimakopoulos (2020), "The M4 competition", Int. J. Forecasting 36, p. 57 (how its
 * standards forecast seasonal series); decaying indices as in Winters (1960), Management Science 6, equation 10.
 */
export function seasonalIndex(name: string, options: SeasonalIndexOptions): ForecastModel {
  return {
    name,
    forecast(history, task) {
      const scale = options.scale === "log" ? chooseScale(history) : IDENTITY;
      const values = history.map(scale.forward);
      const periods = options.seasons === "all" ? task.periods : task.periods.slice(0, 1);
      const { adjusted, seasonAt } = decompose(values, periods, { decay: options.decay });
      const carried = options.carryOn(adjusted, task);
      const { low, high } = believableRange(values, task);
      return carried.map((_, step) => scale.back(clamp(at(carried, step) + seasonAt(step), low, high)));
    },
  };
}
