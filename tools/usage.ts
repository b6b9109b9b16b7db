import { Command, InvalidArgumentError, Option } from "commander";
import { loadConfig } from "../config.ts";
import { adminToken } from "../machine/admin-token.ts";
import { userId } from "../models/domain/ids.ts";
import { openWarehouse } from "../warehouse/client.ts";
import { warehouseUrls } from "../wiring.ts";
import { runTool } from "./run-tool.ts";
import { readAccount } from "./usage/account.ts";
import { renderAccount } from "./usage/render-account.ts";

const MAX_CHARGES = 10_000;
const TIMEOUT_MS = 60_000;

const program = new Command("usage")
  .description(
    "A user's limits and counters, as the gateway has them now, and each charge, as the warehouse has it.",
  )
  .requiredOption("--user <id>", "the end user, as the app names it", parseUser)
  .option("--limit <n>", `charges to show, the latest first (1 to ${MAX_CHARGES})`, parseLimit, 50)
  .option("--denied", "also requests that were refused and cost nothing", false)
  .option("--json", "one JSON document instead of tables; money in nano-dollars", false)
  .addOption(new Option("--gateway <url>", "the gateway (default: this machine's, GATEWAY_PORT)"))
  .addHelpText("after", "\nThe gateway's counters are exact; the warehouse follows within two seconds.")
  .parse();

await runTool("usage", () => run(program.opts<Options>()));

interface Options {
  readonly user: string;
  readonly limit: number;
  readonly denied: boolean;
  readonly json: boolean;
  readonly gateway?: string;
}

async function run({ user, limit, denied, json, gateway }: Options): Promise<void> {
  const config = loadConfig();
  const warehouse = openWarehouse({
    url: warehouseUrls(config).readonlyUrl,
    readonly: true,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    const account = await readAccount({
      user,
      limit,
      denied,
      warehouse,
      gatewayUrl: gateway ?? `http://127.0.0.1:${config.gatewayPort}`,
      adminToken: (await adminToken(config)).token,
    });
    console.log(json ? JSON.stringify(account, null, 2) : renderAccount(account));
  } finally {
    await warehouse.close();
  }
}

function parseUser(text: string): string {
  const parsed = userId.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError("must be printable ASCII without spaces.");
  return parsed.data;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_CHARGES) {
    throw new InvalidArgumentError(`must be a whole number from 1 to ${MAX_CHARGES}.`);
  }
  return limit;
}
