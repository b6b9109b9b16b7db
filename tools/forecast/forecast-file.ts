import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Forecast, ForecastNote } from "../../models/forecast/forecast.ts";
import { forecastSeries } from "../../models/forecast/forecast-series.ts";
import { csvField } from "../series/csv-field.ts";
import { readSeriesFile } from "./series-file.ts";

export interface ForecastFileOptions {
  readonly horizon: number;
  /** Lengths of the seasons; 1 = none. */
  readonly periods: readonly number[];
  /** Takes complete lines of the output; the next series waits for it. */
  write(lines: string): Promise<void>;
  onSeries?(done: number): void;
}

export interface ForecastFileReport {
  readonly series: number;
  /** What a reader should know, and of how many series. */
  readonly notes: ReadonlyMap<ForecastNote, number>;
}

export const OUTPUT_HEADER = "series_id,step,point,lo80,hi80,lo95,hi95";
/** Digits that a forecast can claim at most. */
const PRECISION = 9;

/** Forecasts each series as it is read. Throws SeriesFileError for a file that cannot be used. */
export async function forecastFile(
  input: Readable,
  { horizon, periods, write, onSeries }: ForecastFileOptions,
): Promise<ForecastFileReport> {
  const [period = 1, ...morePeriods] = periods;
  const notes = new Map<ForecastNote, number>();
  let series = 0;
  await write(`${OUTPUT_HEADER}\n`);
  for await (const { id, values } of readSeriesFile(input)) {
    const forecast = forecastSeries(values, horizon, { period, morePeriods, minHistory: 1 });
    if (forecast.kind !== "forecast") continue;
    await write(linesOf(id, forecast));
    for (const note of forecast.notes) notes.set(note, (notes.get(note) ?? 0) + 1);
    series += 1;
    onSeries?.(series);
    // Lets the progress bar and signals in between two series.
    await setImmediate();
  }
  return { series, notes };
}

function linesOf(id: string, { points }: Extract<Forecast, { kind: "forecast" }>): string {
  const name = csvField(id);
  return points
    .map(({ step, point, lo80, hi80, lo95, hi95 }) => {
      const numbers = [point, lo80, hi80, lo95, hi95].map((value) => Number(value.toPrecision(PRECISION)));
      return `${name},${step},${numbers.join(",")}\n`;
    })
    .join("");
}
