import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SeriesFamily } from "../../models/forecast/family.ts";
import type { Forecast } from "../../models/forecast/forecast.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import type { SumInterval } from "../../models/forecast/sum-interval.ts";
import type { ForecastRun } from "./forecast-rows.ts";

export interface FamilyOptions {
  readonly horizon: number;
  readonly period: number;
  readonly run: ForecastRun;
}

/** What became of a family, and its rows for the warehouse, encoded where they are made. */
export interface FamilyAnswer {
  readonly name: string;
  readonly series: number;
  readonly model: string;
  readonly mase: number | null;
  readonly notes: readonly string[];
  /** Of the total: 0.01 = about 1 % a day. */
  readonly growth: number;
  readonly sums: readonly SumInterval[];
  /** Of the total, day by day. */
  readonly points: readonly IntervalPoint[];
  readonly ndjson: string;
}

/** Forecasts in a thread of its own, so that the control API goes on answering while models are fitted. */
export interface ForecastThread {
  /** null: not enough history. */
  family(family: SeriesFamily, options: FamilyOptions): Promise<FamilyAnswer | null>;
  series(
    values: readonly number[],
    options: { readonly horizon: number; readonly periods: readonly number[]; readonly minHistory: number },
  ): Promise<Forecast>;
  /** One question at a time; ends the thread, whatever it is doing. */
  close(): Promise<void>;
}

/** What the thread is asked. */
export type ForecastRequest =
  | {
      kind: "family";
      family: SeriesFamily;
      horizon: number;
      period: number;
      run: ForecastRun;
    }
  | {
      kind: "series";
      values: readonly number[];
      horizon: number;
      periods: readonly number[];
      minHistory: number;
    };

/** Longer than any family takes; a thread that is stuck is ended. */
const TIMEOUT_MS = 300_000;

export function openForecastThread(): ForecastThread {
  const worker = new Worker(bootCode(), { eval: true, execArgv: [] });
  const ask = async <Answer>(message: ForecastRequest): Promise<Answer> => {
    const aborted = AbortSignal.timeout(TIMEOUT_MS);
    worker.postMessage(message);
    // Rejects when the thread fails.
    const [answer] = await once(worker, "message", { signal: aborted });
    return answer;
  };
  return {
    family: ({ overlapping = [], ...family }, options) =>
      ask({ kind: "family", family: { ...family, overlapping }, ...options }),
    series: (values, options) => ask({ kind: "series", values, ...options }),
    async close() {
      await worker.terminate();
    },
  };
}

/** A thread starts without the loader that understands TypeScript, so it gets it first. */
function bootCode(): string {
  const loader = JSON.stringify(import.meta.resolve("@oxc-node/core/register"));
  const entry = JSON.stringify(new URL("./forecast-thread.ts", import.meta.url).href);
  return `import(${loader}).then(() => import(${entry}));`;
}
