import { explainFileError } from "../runtime/file-error.ts";
import { makeFilesPrivate } from "../runtime/private-files.ts";
import { UserError } from "../runtime/user-error.ts";
import { WarehouseError } from "../warehouse/warehouse.ts";

const EXIT_FAILED = 1;

/**
 * Runs a command's work. What the user can mend is told in a sentence that begins with the command's name, without a stack, and ends the
 * command with `failureCode` (default 1); everything else is a bug, and told with its stack.
 */
export async function runTool(
  name: string,
  work: () => Promise<void>,
  { failureCode = () => EXIT_FAILED }: { failureCode?: (error: unknown) => number } = {},
): Promise<void> {
  makeFilesPrivate();
  // `| head` has read enough.
  process.stdout.on("error", (error) => {
    if (!("code" in error && error.code === "EPIPE")) throw error;
    process.exit();
  });
  try {
    await work();
  } catch (error) {
    process.exitCode = tellFailure(name, error) === "mendable" ? failureCode(error) : EXIT_FAILED;
  }
}

/** The same for a script whose work is the module itself, such as a benchmark: to be called before it begins. */
export function explainFailures(name: string): void {
  process.once("uncaughtException", (error) => {
    tellFailure(name, error);
    process.exit(EXIT_FAILED);
  });
}

function tellFailure(name: string, error: unknown): "mendable" | "bug" {
  const explanation = explain(error);
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${name}: ${explanation ?? bug}\n`);
  return explanation === null ? "bug" : "mendable";
}

/** Null: it is not the user's to mend. */
function explain(error: unknown): string | null {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof WarehouseError)) return explainFileError(error);
  if (error.code !== null) return `${error.message.trim()} (code ${error.code})`;
  return `${error.message}\nIs it running? \`npm start\` starts everything, \`npm run warehouse\` only the warehouse.`;
}
