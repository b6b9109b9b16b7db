import { parentPort } from "node:worker_threads";
import { z } from "zod";
import { forecastFamily, type SeriesFamily } from "../../models/forecast/family.ts";
import { forecastSeries } from "../../models/forecast/forecast-series.ts";

// The other side of `forecast-in-thread.ts`: answers each message with what it asks for, then waits for the next.

const values = z.array(z.number());
const part = z.object({ name: z.string(), values });
const request = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("family"),
    family: z.object({ name: z.string(), total: values, groups: z.array(z.array(part)) }),
    horizon: z.number(),
    period: z.number(),
  }),
  z.object({
    kind: z.literal("series"),
    values,
    horizon: z.number(),
    periods: z.array(z.number()).min(1),
    minHistory: z.number(),
  }),
]);
export type ForecastRequest =
  | { kind: "family"; family: SeriesFamily; horizon: number; period: number }
  | {
      kind: "series";
      values: readonly number[];
      horizon: number;
      periods: readonly number[];
      minHistory: number;
    };

parentPort?.on("message", (message: unknown) => {
  parentPort?.postMessage(answer(request.parse(message)));
});

function answer(asked: z.infer<typeof request>) {
  if (asked.kind === "family") {
    return forecastFamily(asked.family, asked.horizon, { period: asked.period });
  }
  const [period = 1, ...morePeriods] = asked.periods;
  return forecastSeries(asked.values, asked.horizon, { period, morePeriods, minHistory: asked.minHistory });
}
