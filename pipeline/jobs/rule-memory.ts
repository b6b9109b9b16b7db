import { z } from "zod";
import type { DirectiveHistory } from "../../models/domain/directive.ts";
import type { RuleState } from "../../models/rules/evaluate.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** The longest cool-down that the catalog allows. */
const MAX_COOLDOWN_MS = 10_080 * 60_000;
export const NO_DIRECTIVE = "00000000-0000-0000-0000-000000000000";

/**
 * What is known of each rule after a restart: when it last acted. A condition that held before begins to hold anew.
 * A decision whose directive is not in the log was never carried out (the process died in between) and does not count.
 */
export async function recallRules(
  warehouse: Warehouse,
  directives: DirectiveHistory,
  nowMs: number,
): Promise<Map<string, RuleState>> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/last-fired.sql", import.meta.url)),
    params: { since: Math.max(0, nowMs - MAX_COOLDOWN_MS) },
    row: z.object({ rule: z.string(), fired_at: z.number().int(), directive_id: z.string() }),
  });
  const fired = rows
    .filter(({ directive_id: id }) => id === NO_DIRECTIVE || directives.get(id) !== undefined)
    .map(({ rule, fired_at: firedAtMs }) => ({ rule, firedAtMs }));
  const issued = directives
    .all()
    .filter(({ directive }) => directive.issuedBy.type === "rule")
    .map(({ directive }) => ({ rule: directive.issuedBy.name, firedAtMs: directive.issuedAt }));
  const states = new Map<string, RuleState>();
  for (const { rule, firedAtMs } of [...fired, ...issued]) {
    const lastFiredAtMs = Math.max(firedAtMs, states.get(rule)?.lastFiredAtMs ?? 0);
    states.set(rule, { lastFiredAtMs, holdsSinceMs: null });
  }
  return states;
}
