import { z } from "zod";
import { type TierFacts, tierFacts } from "../../models/business/tier-facts.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Job } from "../job.ts";

/** Writes the values of the catalog that the warehouse's views read, as far as they have changed. */
export const publishSettings: Job = async ({ warehouse, catalog }, dueAtMs) => {
  const { keys, tiers } = await publishCatalog(warehouse, catalog(), dueAtMs);
  const published = [...keys, ...tiers.map((tier) => `tier ${tier}`)];
  return {
    summary: published.length === 0 ? "nothing has changed" : `published ${published.join(", ")}`,
    notable: published.length > 0,
    details: { keys, tiers, catalogVersion: catalog().version },
  };
};

/** Returns what it has written. */
export async function publishCatalog(
  warehouse: Warehouse,
  catalog: Catalog,
  nowMs: number,
): Promise<{ keys: string[]; tiers: string[] }> {
  const keys = await publishValues(warehouse, catalog);
  const tiers = await publishTiers(warehouse, tierFacts(catalog, nowMs), nowMs);
  return { keys, tiers };
}

async function publishValues(warehouse: Warehouse, catalog: Catalog): Promise<string[]> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/settings.sql", import.meta.url)),
    row: z.object({ key: z.string(), value: z.string() }),
  });
  const published = new Map(rows.map(({ key, value }) => [key, value]));
  const changed = Object.entries(settingsOf(catalog))
    .filter(([key, value]) => published.get(key) !== value)
    .map(([key, value]) => ({ key, value }));
  await warehouse.insert("settings", changed);
  return changed.map(({ key }) => key);
}

function settingsOf({
  timezone,
  safeguards,
  automation,
  business,
  features,
}: Catalog): Record<string, string> {
  const cached = [...features.values()].filter(({ cacheMinutes }) => cacheMinutes > 0);
  return {
    timezone,
    daily_budget_nano: String(safeguards.dailyBudget),
    weekly_budget_nano: String(safeguards.weeklyBudget),
    target_daily_spend_nano: String(automation.targetDailySpend),
    infrastructure_monthly_nano: String(business.infrastructureMonthly),
    support_monthly_nano: String(business.supportMonthly),
    cached_features: JSON.stringify(cached.map(({ name }) => name).sort()),
  };
}

const factsRow = z.object({
  tier: z.string(),
  monthly_price: z.number().int(),
  baseline_provider: z.string(),
  baseline_input: z.number().int(),
  baseline_output: z.number().int(),
  baseline_request: z.number().int(),
});

/** The first price of a tier holds for all of its past; a changed one from now on. */
async function publishTiers(
  warehouse: Warehouse,
  facts: readonly TierFacts[],
  nowMs: number,
): Promise<string[]> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/tier-facts.sql", import.meta.url)),
    row: factsRow,
  });
  const published = new Map(rows.map((row) => [row.tier, row]));
  const changed = facts.map(rowOf).filter((row) => !isSame(row, published.get(row.tier)));
  await warehouse.insert(
    "tier_facts",
    changed.map((row) => ({ ...row, from_ts: published.has(row.tier) ? nowMs : 0 })),
  );
  return changed.map(({ tier }) => tier);
}

function rowOf(facts: TierFacts): z.infer<typeof factsRow> {
  return {
    tier: facts.tier,
    monthly_price: facts.monthlyPrice,
    baseline_provider: facts.baselineProvider,
    baseline_input: facts.baselineInput,
    baseline_output: facts.baselineOutput,
    baseline_request: facts.baselineRequest,
  };
}

function isSame(row: z.infer<typeof factsRow>, known: z.infer<typeof factsRow> | undefined): boolean {
  return known !== undefined && factsRow.keyof().options.every((key) => row[key] === known[key]);
}
