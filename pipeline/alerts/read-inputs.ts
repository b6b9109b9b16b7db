import { z } from "zod";
import type { BookResult, LiveInputs, SlowInputs } from "../../models/alerts/rules.ts";
import { conditionEpisodes } from "../../models/domain/gateway-condition.ts";
import { usdFromNano } from "../../models/domain/money.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { JobDeps } from "../job.ts";
import { readRealtime, usdOrNull } from "../realtime.ts";
import { reconcile } from "../reconciliation.ts";

const otherInputs = z.object({
  last_hour_requests: z.number(),
  normal_hourly_requests: z.number().nullable(),
  new_users_today: z.number(),
  users_before: z.number(),
});
const targetRow = z.object({
  target: z.string(),
  value: z.number().nullable(),
  goal: z.number(),
  unit: z.string(),
  met: z.boolean().nullable(),
});

/** Throws when the warehouse cannot be read: an alert must not be resolved by silence. */
export async function readLiveInputs(deps: JobDeps, nowMs: number): Promise<LiveInputs> {
  const { warehouse, catalog } = deps;
  const realtime = await readRealtime(warehouse);
  return {
    lastHourSpend: usdFromNano(realtime.last_hour_spend),
    normalHourlySpend: usdOrNull(realtime.normal_hourly_spend),
    dailySpend: usdFromNano(realtime.daily_spend),
    dailyBudget: usdOrNull(realtime.daily_budget),
    targetDailySpend: usdOrNull(realtime.target_daily_spend),
    providers: [...catalog().providers.keys()],
    providersDown: [...new Set([...realtime.providers_down, ...providersNotCalled(deps, nowMs)])],
  };
}

/** Those that a gateway's breaker keeps calls from. */
function providersNotCalled({ directory }: JobDeps, nowMs: number): string[] {
  return conditionEpisodes(directory.directives.conditions(), nowMs)
    .filter(({ condition, endedAt }) => condition === "provider-down" && endedAt === null)
    .map(({ subject }) => subject);
}

export async function readSlowInputs(deps: JobDeps): Promise<SlowInputs> {
  const { warehouse } = deps;
  const [[other], targets, books] = await Promise.all([
    warehouse.query({ sql: queryText("alert-inputs"), row: otherInputs }),
    warehouse.query({ sql: queryText("targets"), row: targetRow }),
    readBooks(deps),
  ]);
  if (other === undefined) throw new Error("the query of the alerts' inputs gave no row");
  return {
    lastHourRequests: other.last_hour_requests,
    normalHourlyRequests: other.normal_hourly_requests,
    newUsersToday: other.new_users_today,
    usersBefore: other.users_before,
    targets,
    books,
  };
}

/** A gateway that does not answer makes the books unknown, and no other alert waits for it. */
async function readBooks(deps: JobDeps): Promise<BookResult | null> {
  const totals = await deps.gatewayTotals().catch((error: unknown) => {
    deps.logger.debug({ err: error }, "the gateway's totals are not known");
    return null;
  });
  if (totals === null) return null;
  const { agree, settled, missing, gateway, warehouse } = await reconcile(deps);
  return { agree, settled, missing, gatewayEvents: gateway.events, warehouseEvents: warehouse.distinct };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/${name}.sql`, import.meta.url));
}
