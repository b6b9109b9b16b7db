import { cpus } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { Command } from "commander";
import type { FamilyPart } from "../models/forecast/family.ts";
import { streamOf } from "../models/simulation/random.ts";
import { openForecastThread } from "../pipeline/jobs/forecast-in-thread.ts";

const DAYS = 365;
const PARTS_A_GROUP = 12;
const HORIZON = 90;
const NANO_TO_MS = 1e6;

const program = new Command("bench:forecast-thread")
  .description(
    "Forecasts series of a year's days, in families of a total and twelve parts, as the pipeline's job does: in a thread. " +
      "Prints how long it takes, and how long the event loop of the pipeline was held up meanwhile.",
  )
  .option("--series <n>", "how many, parts and totals", Number, 500)
  .parse();
const { series } = program.opts<{ series: number }>();

const delay = monitorEventLoopDelay({ resolution: 5 });
const thread = openForecastThread();
const families = Array.from({ length: Math.ceil(series / (PARTS_A_GROUP + 1)) }, (_, index) =>
  familyOf(index),
);
const startedMs = performance.now();
delay.enable();
let made = 0;
let bytes = 0;
for (const family of families) {
  const answer = await thread.family(family, {
    horizon: HORIZON,
    period: 7,
    run: { runId: "01a00000-0000-7000-8000-000000000001", madeAtMs: 0, today: "2026-01-01" },
  });
  made += answer?.series ?? 0;
  bytes += answer?.ndjson.length ?? 0;
}
delay.disable();
const seconds = (performance.now() - startedMs) / 1_000;
await thread.close();
console.log(
  JSON.stringify(
    {
      series: made,
      seconds,
      millisecondsASeries: (1_000 * seconds) / made,
      megabytesOfRows: bytes / 1e6,
      eventLoopDelayMs: {
        p50: delay.percentile(50) / NANO_TO_MS,
        p99: delay.percentile(99) / NANO_TO_MS,
        max: delay.max / NANO_TO_MS,
      },
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      node: process.version,
    },
    null,
    2,
  ),
);

/** A total and its parts, with weekdays, growth and noise of their own. */
function familyOf(index: number) {
  const parts = Array.from({ length: PARTS_A_GROUP }, (_, part): FamilyPart => {
    const random = streamOf(index, part);
    const weekdays = Array.from({ length: 7 }, () => 0.3 * random());
    const growth = 0.004 * random();
    const level = 1e9 * (0.2 + random());
    const values = Array.from({ length: DAYS }, (_, day) =>
      Math.round(level * Math.exp((weekdays[day % 7] ?? 0) + growth * day + 0.2 * random())),
    );
    return { name: `feature=f${part}`, values };
  });
  const total = Array.from({ length: DAYS }, (_, day) =>
    parts.reduce((sum, { values }) => sum + (values[day] ?? 0), 0),
  );
  return { name: `family-${index}`, total, groups: [parts] };
}
