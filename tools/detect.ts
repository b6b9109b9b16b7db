import { Command } from "commander";
import { UserError } from "../runtime/user-error.ts";
import { detectFile } from "./detect/detect-file.ts";
import { ObservationFileError } from "./detect/observation-file.ts";
import { runTool } from "./run-tool.ts";
import { openInput } from "./series/input.ts";
import { openOutput } from "./series/output.ts";
import { openProgress } from "./series/progress.ts";

const program = new Command("detect")
  .description("Finds what is unusual in a series: each row is judged by the rows before it.")
  .requiredOption("--input <file>", "CSV: timestamp,value; oldest first, about equally spaced")
  .option("--output <file>", "CSV: timestamp,value,score,alert (default: standard output)")
  .addHelpText(
    "after",
    "\nscore is from 0 (usual) to 1 (like nothing before); alert is 1 from a score of 0.5 on, else 0. What follows an\n" +
      "alert is silent unless it is worse. The first twelve rows only tell how far apart the rows are.\n" +
      "Timestamps: ISO 8601, or '2026-11-24 10:05:00', taken as UTC where they name no zone. An empty value is a gap.\n\n" +
      "Example: npm run detect -- --input requests.csv --output scored.csv",
  )
  .parse();

const options = program.opts<{ input: string; output?: string }>();

await runTool("detect", run);

async function run(): Promise<void> {
  const { stream, sizeBytes } = await openInput(options.input);
  const output = await openOutput(options.output);
  const progress = openProgress(sizeBytes, "rows");
  try {
    const { rows, alerts } = await detectFile(stream, {
      write: output.write,
      onRows: (done) => progress.update(stream.bytesRead, done),
    });
    await output.finish();
    progress.stop();
    console.error(`detect: ${rows} rows, ${alerts} alerts`);
  } catch (error) {
    progress.stop();
    await output.discard();
    if (error instanceof ObservationFileError)
      throw new UserError(`${options.input}: ${error.message}`, { cause: error });
    throw error;
  }
}
