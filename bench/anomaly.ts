import { readFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { z } from "zod";
import { openDetector } from "../models/anomaly/detector.ts";
import { ALERT_SCORE } from "../models/anomaly/verdict.ts";
import { LEARNING_ROWS } from "../tools/detect/detect-file.ts";
import { readObservations } from "../tools/detect/observation-file.ts";
import { explainFailures } from "../tools/run-tool.ts";
import { openInput } from "../tools/series/input.ts";
import { detectSimulated } from "./anomaly/daily-spend.ts";
import { type LabelWindow, nabScore, probationRows, usableWindows } from "./anomaly/nab-score.ts";

/** Thresholds that are tried: those that let about that many rows through, each 5 % more than the one before. */
const FEWEST_ALERTS = 10;
const MOST_ALERTS = 2_000;

const program = new Command("bench:anomaly")
  .description(
    "Scores the detector on files of the Numenta Anomaly Benchmark (standard profile, normalised over the files at hand), as " +
      "alerts are raised and at the best single threshold, with precision, recall and F1 of labelled events; and on " +
      "simulated daily spend with spikes and level shifts. Prints a table, and JSON after it.",
  )
  .requiredOption("--data <directory>", "with windows.json and the files that it names")
  .option("--seeds <n>", "simulated years of each kind", Number, 20)
  .parse();
const settings = program.opts<{ data: string; seeds: number }>();

const windowsFile = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));

interface JudgedFile {
  readonly name: string;
  readonly rows: number;
  readonly windows: readonly LabelWindow[];
  readonly scores: readonly number[];
}

explainFailures("bench:anomaly");
const labels = windowsFile.parse(JSON.parse(await readFile(join(settings.data, "windows.json"), "utf8")));
const startedMs = performance.now();
const files: JudgedFile[] = [];
for (const [name, windows] of Object.entries(labels)) files.push(await judgeFile(name, windows));
const elapsedMs = performance.now() - startedMs;
report();

async function judgeFile(name: string, spans: readonly (readonly [string, string])[]): Promise<JudgedFile> {
  const times: number[] = [];
  const values: number[] = [];
  for await (const { timeMs, value } of readObservations(
    (await openInput(join(settings.data, name))).stream,
  )) {
    times.push(timeMs);
    values.push(value);
  }
  const gaps = times.slice(1, LEARNING_ROWS).map((timeMs, index) => timeMs - (times[index] ?? timeMs));
  const positive = gaps.filter((gapMs) => gapMs > 0).sort((a, b) => a - b);
  const detector = openDetector({ intervalMs: positive[Math.floor(positive.length / 2)] ?? 1 });
  const scores = values.map((value, row) => detector.next({ timeMs: times[row] ?? 0, value }).score);
  const windows = spans.map(([from, to]) => ({
    first: times.findIndex((timeMs) => timeMs >= utcMs(from)),
    last: times.findLastIndex((timeMs) => timeMs <= utcMs(to)),
  }));
  return { name, rows: values.length, windows, scores };
}

function utcMs(text: string): number {
  return Date.parse(`${text.replace(" ", "T").slice(0, 23)}Z`);
}

interface Result {
  readonly threshold: number;
  readonly nab: number;
  readonly found: number;
  readonly windows: number;
  readonly falseAlarms: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

function resultAt(threshold: number, judged: readonly JudgedFile[]): Result {
  const scored = judged.map(({ rows, windows, scores }) => ({
    rows,
    windows,
    alerts: scores.flatMap((score, row) => (score >= threshold ? [row] : [])),
  }));
  let found = 0;
  let count = 0;
  let falseAlarms = 0;
  for (const file of scored) {
    const windows = usableWindows(file);
    const inside = (row: number): boolean => windows.some(({ first, last }) => row >= first && row <= last);
    count += windows.length;
    found += windows.filter(({ first, last }) =>
      file.alerts.some((row) => row >= first && row <= last),
    ).length;
    falseAlarms += file.alerts.filter((row) => row >= probationRows(file.rows) && !inside(row)).length;
  }
  const precision = found / Math.max(1, found + falseAlarms);
  const recall = found / Math.max(1, count);
  const f1 = (2 * precision * recall) / Math.max(Number.EPSILON, precision + recall);
  return { threshold, nab: nabScore(scored), found, windows: count, falseAlarms, precision, recall, f1 };
}

/** The benchmark's own way: one threshold for all files, the one with the best score. */
function bestResult(): Result {
  const descending = files
    .flatMap(({ rows, scores }) => scores.filter((score, row) => score > 0 && row >= probationRows(rows)))
    .sort((a, b) => b - a);
  let best = resultAt(ALERT_SCORE, files);
  for (let count = FEWEST_ALERTS; count < MOST_ALERTS; count = Math.ceil(count * 1.05)) {
    const threshold = descending[count];
    if (threshold === undefined) break;
    const result = resultAt(threshold, files);
    if (result.nab > best.nab) best = result;
  }
  return best;
}

function report(): void {
  const asAlerts = resultAt(ALERT_SCORE, files);
  const best = bestResult();
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const simulated = (["quiet", "spikes", "shifts"] as const).map((kind) =>
    detectSimulated(kind, settings.seeds),
  );
  const nab = new Table({
    head: ["NAB, standard profile", "score", "found", "false alarms", "precision", "recall", "F1"],
    style: { head: [], border: [] },
  });
  for (const [name, one] of [
    ["alerts as raised", asAlerts],
    ["best threshold", best],
  ] as const) {
    nab.push([
      name,
      one.nab.toFixed(1),
      `${one.found} of ${one.windows}`,
      one.falseAlarms,
      one.precision.toFixed(2),
      one.recall.toFixed(2),
      one.f1.toFixed(2),
    ]);
  }
  console.log(nab.toString());
  const years = new Table({
    head: ["simulated daily spend", "recall", "false alarms a year", "F1"],
    style: { head: [], border: [] },
  });
  for (const { kind, recall, falseAlarmsPerYear, f1 } of simulated) {
    years.push([kind, recall?.toFixed(3) ?? "", falseAlarmsPerYear.toFixed(2), f1?.toFixed(3) ?? ""]);
  }
  console.log(years.toString());
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const byFile = files.map((file) => ({ name: file.name, ...resultAt(ALERT_SCORE, [file]) }));
  console.log(
    JSON.stringify(
      { asAlerts, best, simulated, rowsPerSecond: Math.round(rows / (elapsedMs / 1_000)), byFile, machine },
      null,
      2,
    ),
  );
}
