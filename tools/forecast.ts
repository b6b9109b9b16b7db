import { Command, InvalidArgumentError } from "commander";
import { MAX_HORIZON } from "../models/forecast/forecast-series.ts";
import { UserError } from "../runtime/user-error.ts";
import { forecastFile } from "./forecast/forecast-file.ts";
import { SeriesFileError } from "./forecast/series-file.ts";
import { runTool } from "./run-tool.ts";
import { openInput } from "./series/input.ts";
import { openOutput } from "./series/output.ts";
import { openProgress } from "./series/progress.ts";

const MAX_PERIOD = 100_000;

const program = new Command("forecast")
  .description("Forecasts each series of a CSV file, with 80 % and 95 % intervals.")
  .requiredOption(
    "--input <file>",
    "CSV: series_id,values; the values joined by ';', oldest first, equally spaced",
  )
  .requiredOption("--horizon <n>", `how many values ahead (1 to ${MAX_HORIZON})`, parseHorizon)
  .requiredOption(
    "--season <lengths>",
    "values in a season, and in longer ones, such as 7 or 24,168; 1 = no season",
    parseSeasons,
  )
  .option("--output <file>", "CSV: series_id,step,point,lo80,hi80,lo95,hi95 (default: standard output)")
  .addHelpText(
    "after",
    "\nAn empty value (1;;3) is a gap. Nothing below zero is forecast for a series without negative values.\n" +
      "The file is read series by series, and --output appears when all of it is done.\n\n" +
      "Example: npm run forecast -- --input daily.csv --horizon 28 --season 7 --output next.csv",
  )
  .parse();

const options = program.opts<{
  input: string;
  horizon: number;
  season: number[];
  output?: string;
}>();

await runTool("forecast", run);

async function run(): Promise<void> {
  const { stream, sizeBytes } = await openInput(options.input);
  const output = await openOutput(options.output);
  const progress = openProgress(sizeBytes, "series");
  try {
    const { series, notes } = await forecastFile(stream, {
      horizon: options.horizon,
      periods: options.season,
      write: output.write,
      onSeries: (done) => progress.update(stream.bytesRead, done),
    });
    await output.finish();
    progress.stop();
    console.error(`forecast: ${series} series, ${options.horizon} steps each`);
    for (const [note, count] of notes) console.error(`forecast: ${count} of them: ${note}`);
  } catch (error) {
    progress.stop();
    await output.discard();
    if (error instanceof SeriesFileError)
      throw new UserError(`${options.input}: ${error.message}`, { cause: error });
    throw error;
  }
}

function parseHorizon(text: string): number {
  return wholeNumber(text, MAX_HORIZON);
}

function parseSeasons(text: string): number[] {
  return text.split(",").map((part) => wholeNumber(part.trim(), MAX_PERIOD));
}

function wholeNumber(text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new InvalidArgumentError(`must be a whole number from 1 to ${max}.`);
  }
  return value;
}
