import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { FamilyForecast, SeriesFamily } from "../../models/forecast/family.ts";
import type { Forecast } from "../../models/forecast/forecast.ts";

/** Forecasts in a thread of its own, so that the control API goes on answering while models are fitted. */
export interface ForecastThread {
  /** null: not enough history. */
  family(
    family: SeriesFamily,
    options: { readonly horizon: number; readonly period: number },
  ): Promise<FamilyForecast | null>;
  series(
    values: readonly number[],
    options: { readonly horizon: number; readonly periods: readonly number[]; readonly minHistory: number },
  ): Promise<Forecast>;
  /** One question at a time; ends the thread, whatever it is doing. */
  close(): Promise<void>;
}

/** Longer than any family takes; a thread that is stuck is ended. */
const TIMEOUT_MS = 300_000;

export function openForecastThread(): ForecastThread {
  const worker = new Worker(bootCode(), { eval: true, execArgv: [] });
  const ask = async <Answer>(message: object): Promise<Answer> => {
    const aborted = AbortSignal.timeout(TIMEOUT_MS);
    worker.postMessage(message);
    // Rejects when the thread fails.
    const [answer] = await once(worker, "message", { signal: aborted });
    return answer;
  };
  return {
    family: (family, options) => ask({ kind: "family", family, ...options }),
    series: (values, options) => ask({ kind: "series", values, ...options }),
    async close() {
      await worker.terminate();
    },
  };
}

/** A thread starts without the loader that understands TypeScript, so it gets it first. */
function bootCode(): string {
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const entry = JSON.stringify(new URL("./forecast-thread.ts", import.meta.url).href);
  return `import(${loader}).then(({ register }) => { register(); return import(${entry}); });`;
}
