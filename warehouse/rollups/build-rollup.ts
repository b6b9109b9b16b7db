import { z } from "zod";
import { sqlFile } from "../sql-file.ts";
import type { Warehouse } from "../warehouse.ts";
import { consecutive, type DayRun } from "./day-runs.ts";
import type { Rollup } from "./rollups.ts";

export interface BuildOptions {
  readonly warehouse: Warehouse;
  /** IANA name: days are cut by its calendar. */
  readonly timeZone: string;
  /** Today in that zone, `YYYY-MM-DD`. */
  readonly today: string;
  /** The first moment of a day of that zone, and of the day after it. */
  spanOf(day: string): { readonly startMs: number; readonly endMs: number };
  /** Most days in one call; what is left is due again. Default {@link MAX_DAYS}. */
  readonly maxDays?: number;
}

export interface BuildReport {
  readonly days: readonly string[];
  /** There may be more: the call stopped at its limit. */
  readonly full: boolean;
}

export const MAX_DAYS = 400;

const dueDay = z.object({ day: z.iso.date(), input: z.number().int() });

/**
 * Makes every day of a rollup anew that has got new rows since its last build. All rows of a day get a version of their own,
 * and the day shows them when `rollup_builds` says so, in one insert: a crash before it leaves rows that nobody reads, and of two
 * builds at once the later one holds.
 */
export async function buildRollup(rollup: Rollup, options: BuildOptions): Promise<BuildReport> {
  const { warehouse, timeZone, today } = options;
  const maxDays = options.maxDays ?? MAX_DAYS;
  const version = await readClock(warehouse);
  const due = await warehouse.query({
    sql: textOf(rollup.due),
    params: { zone: timeZone, now: version, to_day: today, max_days: maxDays },
    row: dueDay,
  });
  const inputs = new Map(due.map(({ day, input }) => [day, input]));
  for (const run of consecutive([...inputs.keys()], rollup))
    await buildRun(rollup, run, { ...options, version, inputs });
  return { days: [...inputs.keys()], full: due.length === maxDays };
}

interface RunOptions extends BuildOptions {
  readonly version: number;
  readonly inputs: ReadonlyMap<string, number>;
}

async function buildRun(rollup: Rollup, { days, first, last }: DayRun, options: RunOptions): Promise<void> {
  const { warehouse, timeZone, today, version, inputs, spanOf } = options;
  const whole = rollup.name === "subscriptions";
  const params = {
    zone: timeZone,
    version,
    from_day: first,
    to_day: whole ? today : last,
    from: spanOf(first).startMs,
    to: spanOf(last).endMs,
  };
  for (const statement of rollup.statements) await warehouse.command(textOf(statement), params);
  await warehouse.insert(
    "rollup_builds",
    days.map((day) => ({
      name: rollup.name,
      day,
      version,
      input: inputs.get(day) ?? 0,
      timezone: timeZone,
    })),
  );
}

/** The server's clock, which also stamps what comes in; microseconds. */
async function readClock(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.query({
    sql: textOf("clock"),
    row: z.object({ now: z.number().int() }),
  });
  if (row === undefined) throw new Error("the warehouse gave no time");
  return row.now;
}

function textOf(name: string): string {
  return sqlFile(new URL(`./${name}.sql`, import.meta.url));
}
