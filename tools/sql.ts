import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { loadConfig } from "../config.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { warehouseUrls } from "../wiring.ts";
import { runTool } from "./run-tool.ts";

/** A person waits: longer than any report takes, shorter than for ever. */
const TIMEOUT_MS = 600_000;

const program = new Command("sql")
  .description("Runs one SQL query on the warehouse as a user who may only read, and prints the answer.")
  .argument(
    "<query>",
    'such as "SELECT * FROM bi_spend_daily"; tables and bi_* views are in the database vigor',
  )
  .option(
    "--format <name>",
    "a ClickHouse output format: JSONEachRow, CSVWithNames, Markdown, ... (default: a table on a terminal, else TabSeparatedWithNames)",
  )
  .addHelpText("after", "\nMoney is in nano-dollars (1e-9 USD). Event tables are read with FINAL.")
  .parse();

const { format = process.stdout.isTTY ? "PrettyCompactMonoBlock" : "TabSeparatedWithNames" } = program.opts<{
  format?: string;
}>();

await runTool("sql", () => run(program.args[0] ?? "", format));

async function run(sql: string, format: string): Promise<void> {
  const url = warehouseUrls(loadConfig()).readonlyUrl;
  const warehouse = openWarehouse({ url, readonly: true, timeoutMs: TIMEOUT_MS });
  try {
    await pipeline(await warehouse.stream(sql, format), process.stdout, { end: false });
  } finally {
    await warehouse.close();
  }
}
