import { access } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { intervalScore, meanAbsoluteError, symmetricPercentageError } from "../models/forecast/accuracy.ts";
import { seasonalScale } from "../models/forecast/backtest.ts";
import { forecastSeries } from "../models/forecast/forecast-series.ts";
import type { IntervalPoint } from "../models/forecast/interval.ts";
import type { ForecastModel } from "../models/forecast/model.ts";
import { naive2 } from "../models/forecast/naive2.ts";
import { POOL } from "../models/forecast/pool.ts";
import { meanOf, sequence } from "../models/forecast/sequence.ts";
import { readSeriesFile } from "../tools/forecast/series-file.ts";
import { explainFailures } from "../tools/run-tool.ts";
import { openInput } from "../tools/series/input.ts";

interface BenchmarkSet {
  readonly name: string;
  readonly file: string;
  readonly horizon: number;
  /** That the set is scored with: its naive 2 and the scale of its errors. */
  readonly season: number;
  readonly periods: readonly number[];
  /** Horizons held out, one after the other from the end; the models never see them. */
  readonly origins: number;
}

const SETS: readonly BenchmarkSet[] = [
  { name: "M4 weekly", file: "weekly.csv", horizon: 13, season: 1, periods: [52], origins: 1 },
  { name: "M4 hourly", file: "hourly.csv", horizon: 48, season: 24, periods: [24, 168], origins: 1 },
  { name: "NN5 daily", file: "daily.csv", horizon: 56, season: 7, periods: [7], origins: 1 },
  { name: "LLM traffic", file: "llm-hourly.csv", horizon: 24, season: 24, periods: [24], origins: 3 },
];

const program = new Command("bench:forecast")
  .description(
    "Forecasts the held-out end of each series of public sets and compares with what came: MASE, OWA, MSIS, coverage of the " +
      "intervals and time, for the combination and for each single model. Prints a table, and JSON after it.",
  )
  .requiredOption(
    "--data <directory>",
    "with weekly.csv, hourly.csv, daily.csv, llm-hourly.csv (any of them)",
  )
  .option("--set <name>", "only the set whose file name starts so")
  .option(
    "--back <n>",
    "move all origins back by n horizons: for tuning, so that the end stays unseen",
    Number,
    0,
  )
  .option("--season <lengths>", "give the models these seasons instead, such as 24 or 24,168")
  .option("--no-singles", "leave the single models out")
  .parse();
const settings = program.opts<{
  data: string;
  set?: string;
  back: number;
  season?: string;
  singles: boolean;
}>();

explainFailures("bench:forecast");
const results: SetResult[] = [];
for (const set of SETS.filter(({ file }) => settings.set === undefined || file.startsWith(settings.set))) {
  const path = join(settings.data, set.file);
  if (await exists(path)) results.push(await measureSet(set, path));
}
if (results.length === 0) {
  console.error(`bench:forecast: ${settings.data} holds none of ${SETS.map(({ file }) => file).join(", ")}`);
  process.exitCode = 1;
} else report(results);

interface Score {
  readonly model: string;
  readonly mase: number;
  readonly smape: number;
  readonly owa: number;
  readonly cpuMsPerSeries: number;
  readonly msis: number | null;
  readonly coverage80: number | null;
  readonly coverage95: number | null;
}

interface SetResult {
  readonly set: string;
  readonly series: number;
  readonly horizon: number;
  readonly scores: readonly Score[];
}

interface Outcome {
  readonly mase: number;
  readonly smape: number;
  readonly ms: number;
  readonly msis: number;
  readonly inside80: number;
  readonly inside95: number;
}

interface Case {
  readonly history: readonly number[];
  readonly actual: readonly number[];
}

async function measureSet(set: BenchmarkSet, path: string): Promise<SetResult> {
  const cases: Case[] = [];
  let series = 0;
  for await (const { values } of readSeriesFile((await openInput(path)).stream)) {
    series += 1;
    for (let origin = 0; origin < set.origins; origin++) {
      const end = values.length - (origin + 1 + settings.back) * set.horizon;
      if (end > set.horizon) {
        cases.push({ history: values.slice(0, end), actual: values.slice(end, end + set.horizon) });
      }
    }
  }
  const periods = settings.season?.split(",").map(Number) ?? set.periods;
  const reference = cases.map((one) => runModel(naive2, one, { set, periods: [set.season] }));
  const singles = settings.singles ? POOL : [];
  return {
    set: set.name,
    series,
    horizon: set.horizon,
    scores: [
      scoreOf(
        "combination",
        cases.map((one) => runCombination(one, set, periods)),
        { reference, intervals: true },
      ),
      scoreOf("naive-2", reference, { reference, intervals: false }),
      ...singles.map((model) =>
        scoreOf(
          model.name,
          cases.map((one) => runModel(model, one, { set, periods })),
          { reference, intervals: false },
        ),
      ),
    ],
  };
}

function runCombination(one: Case, set: BenchmarkSet, periods: readonly number[]): Outcome {
  const startedMs = cpuMs();
  const [period = 1, ...morePeriods] = periods;
  const forecast = forecastSeries(one.history, set.horizon, { period, morePeriods, minHistory: 1 });
  const ms = cpuMs() - startedMs;
  if (forecast.kind !== "forecast") throw new Error("a series of the benchmark is empty");
  return outcomeOf(one, forecast.points, { set, ms });
}

function runModel(
  model: ForecastModel,
  one: Case,
  { set, periods }: { readonly set: BenchmarkSet; readonly periods: readonly number[] },
): Outcome {
  const startedMs = cpuMs();
  const usable = periods.filter((period) => period > 1 && one.history.length > 2 * period);
  const values = model.forecast(one.history, { horizon: set.horizon, periods: usable });
  const ms = cpuMs() - startedMs;
  const points = values.map((point, index) => ({
    step: index + 1,
    point,
    lo80: point,
    hi80: point,
    lo95: point,
    hi95: point,
  }));
  return outcomeOf(one, points, { set, ms });
}

function outcomeOf(
  { history, actual }: Case,
  points: readonly IntervalPoint[],
  { set, ms }: { readonly set: BenchmarkSet; readonly ms: number },
): Outcome {
  const scale = seasonalScale(history, set.season);
  const values = points.map(({ point }) => point);
  const share = (inside: (point: IntervalPoint, value: number) => boolean): number =>
    meanOf(points.map((point, step) => (inside(point, actual[step] ?? Number.NaN) ? 1 : 0)));
  return {
    mase: meanAbsoluteError(actual, values) / scale,
    smape: symmetricPercentageError(actual, values),
    ms,
    msis: intervalScore(actual, points) / scale,
    inside80: share(({ lo80, hi80 }, value) => value >= lo80 && value <= hi80),
    inside95: share(({ lo95, hi95 }, value) => value >= lo95 && value <= hi95),
  };
}

function scoreOf(
  model: string,
  outcomes: readonly Outcome[],
  { reference, intervals }: { readonly reference: readonly Outcome[]; readonly intervals: boolean },
): Score {
  const usable = sequence(outcomes.length, (index) => index).filter((index) =>
    Number.isFinite(outcomes[index]?.mase),
  );
  const mean = (from: readonly Outcome[], field: keyof Outcome): number =>
    meanOf(usable.map((index) => from[index]?.[field] ?? Number.NaN));
  const mase = mean(outcomes, "mase");
  const smape = mean(outcomes, "smape");
  return {
    model,
    mase,
    smape,
    owa: (mase / mean(reference, "mase") + smape / mean(reference, "smape")) / 2,
    cpuMsPerSeries: mean(outcomes, "ms"),
    msis: intervals ? mean(outcomes, "msis") : null,
    coverage80: intervals ? mean(outcomes, "inside80") : null,
    coverage95: intervals ? mean(outcomes, "inside95") : null,
  };
}

function report(sets: readonly SetResult[]): void {
  const table = new Table({
    head: ["set", "model", "OWA", "MASE", "MSIS", "in 80 %", "in 95 %", "CPU ms/series"],
    style: { head: [], border: [] },
  });
  for (const { set, scores } of sets) {
    for (const one of scores) {
      const percent = (share: number | null): string => (share === null ? "" : (100 * share).toFixed(1));
      table.push([
        set,
        one.model,
        one.owa.toFixed(3),
        one.mase.toFixed(3),
        one.msis?.toFixed(1) ?? "",
        percent(one.coverage80),
        percent(one.coverage95),
        one.cpuMsPerSeries.toFixed(1),
      ]);
    }
  }
  console.log(table.toString());
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
  console.log(JSON.stringify({ sets, back: settings.back, machine }, null, 2));
}

/** Of this process, so that other programs on the machine do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
