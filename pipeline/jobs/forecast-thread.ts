import { parentPort } from "node:worker_threads";
import { z } from "zod";
import { forecastFamily } from "../../models/forecast/family.ts";
import { forecastSeries } from "../../models/forecast/forecast-series.ts";
import type { FamilyAnswer } from "./forecast-in-thread.ts";
import { encodeForecast } from "./forecast-rows.ts";

// The other side of `forecast-in-thread.ts`: answers each message with what it asks for, then waits for the next.

const values = z.array(z.number());
const parts = z.array(z.object({ name: z.string(), values }));
const request = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("family"),
    family: z.object({ name: z.string(), total: values, groups: z.array(parts), overlapping: parts }),
    horizon: z.number(),
    period: z.number(),
    run: z.object({ runId: z.string(), madeAtMs: z.number(), today: z.string() }),
  }),
  z.object({
    kind: z.literal("series"),
    values,
    horizon: z.number(),
    periods: z.array(z.number()).min(1),
    minHistory: z.number(),
  }),
]);

parentPort?.on("message", (message: unknown) => {
  parentPort?.postMessage(answer(request.parse(message)));
});

function answer(asked: z.infer<typeof request>) {
  if (asked.kind === "family") return familyAnswer(asked);
  const [period = 1, ...morePeriods] = asked.periods;
  return forecastSeries(asked.values, asked.horizon, { period, morePeriods, minHistory: asked.minHistory });
}

function familyAnswer({
  family,
  horizon,
  period,
  run,
}: Extract<z.infer<typeof request>, { kind: "family" }>): FamilyAnswer | null {
  const forecast = forecastFamily(family, horizon, { period });
  if (forecast === null) return null;
  const { name, total, groups, overlapping, growth, sums } = forecast;
  const [best] = total.backtests;
  return {
    name,
    series: 1 + groups.flat().length + overlapping.length,
    model: total.model,
    mase: best?.mase ?? null,
    notes: [...total.notes],
    growth,
    sums: [...sums],
    points: [...total.points],
    ndjson: encodeForecast(forecast, run),
  };
}
