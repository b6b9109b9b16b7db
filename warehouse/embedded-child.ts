import { writeSync } from "node:fs";
import { Command } from "commander";
import { makeFilesPrivate } from "../runtime/private-files.ts";
import { runEmbeddedEngine } from "./embedded-engine.ts";

/**
 * The process of the embedded warehouse: the engine in its main thread, the gate in another one. Started by `embedded-server.ts` only, with an
 * empty environment, so that nothing that reads this process finds a secret of another part.
 */

const STDERR = 2;

makeFilesPrivate();
const { dataDirectory, host, port } = new Command("embedded-child")
  .description("The embedded warehouse's own process. People use `npm run warehouse`.")
  .requiredOption("--data-directory <path>")
  .requiredOption("--host <address>")
  .requiredOption("--port <number>", "of the gate", Number)
  .parse()
  .opts<{ dataDirectory: string; host: string; port: number }>();

try {
  const reason = await runEmbeddedEngine({ dataDirectory, host, port });
  writeSync(STDERR, `warehouse: the engine stopped: ${reason}\n`);
} catch (error) {
  writeSync(STDERR, `warehouse: ${error instanceof Error ? error.message : String(error)}\n`);
}
process.exit(1);
