import { z } from "zod";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { FaultRow } from "./fault-table.ts";
import { DAILY_REQUESTS, WEEKLY_BUDGET_USD } from "./limits.ts";
import type { LoadReport } from "./load.ts";

/** Reads the warehouse, as rows of strings and numbers. */
export type Ask = <Row>(sql: string, row: z.ZodType<Row>) => Promise<Row[]>;

export interface Disturbed {
  readonly fault: string;
  /** Begins the names of the load's users. */
  readonly name: string;
  readonly times: number;
  readonly report: LoadReport;
}

const ARRIVAL_TIMEOUT_MS = 75_000;

/**
 * What a fault has done. A request whose gateway died right after its answer arrives as an orphaned event when its reservation
 * expires, so what is missing is waited for.
 */
export async function judge({ fault, name, times, report }: Disturbed, ask: Ask): Promise<FaultRow> {
  const lost = await waitFor(
    "the answered requests",
    async () => {
      const missing = await missingOf(name, report, ask);
      return missing === 0 && { missing };
    },
    ARRIVAL_TIMEOUT_MS,
  ).catch(async () => ({ missing: await missingOf(name, report, ask) }));
  const [counts] = await ask(
    `SELECT count() - uniqExact(request_id) AS double FROM request_events FINAL WHERE startsWith(user_id, '${name}-')`,
    z.object({ double: z.number() }),
  );
  return {
    ...{ fault, times, sent: report.sent, answered: report.answeredIds.length },
    lost: lost.missing,
    double: counts?.double ?? Number.NaN,
    overLimit: await countOverLimit(name, report, ask),
  };
}

async function missingOf(name: string, { answeredIds, deniedIds }: LoadReport, ask: Ask): Promise<number> {
  const rows = await ask(
    `SELECT toString(request_id) AS id FROM request_events WHERE startsWith(user_id, '${name}-')`,
    z.object({ id: z.string() }),
  );
  const stored = new Set(rows.map(({ id }) => id));
  return [...answeredIds, ...deniedIds].filter((id) => !stored.has(id)).length;
}

/** Users who were answered more often than a day allows, or whose requests cost more than a week does. */
async function countOverLimit(name: string, report: LoadReport, ask: Ask): Promise<number> {
  const rows = await ask(
    `SELECT user_id AS user, sum(cost) AS cost FROM request_events FINAL WHERE startsWith(user_id, '${name}-') GROUP BY user_id`,
    z.object({ user: z.string(), cost: z.number() }),
  );
  const over = new Set(
    rows.filter(({ cost }) => cost > WEEKLY_BUDGET_USD * NANO_PER_USD).map(({ user }) => user),
  );
  for (const [user, answers] of report.answersOfUser) if (answers > DAILY_REQUESTS) over.add(user);
  return over.size;
}
