/** What a model is asked for. */
export interface ForecastTask {
  /** How many values ahead. */
  readonly horizon: number;
  /** Lengths of the seasons in values, ascending, each at least 2 and seen at least twice; none: no season. */
  readonly periods: readonly number[];
}

/** What a model expects of the next `horizon` values. Pure and deterministic; the history holds at least two values. */
export interface ForecastModel {
  readonly name: string;
  forecast(history: readonly number[], task: ForecastTask): number[];
}
