import { createHash } from "node:crypto";
import { calendarWindow } from "../../models/domain/window.ts";
import type { SeriesFamily } from "../../models/forecast/family.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { JobReport, WarehouseJob } from "../job.ts";
import { type ForecastHistory, readForecastHistory } from "./forecast-history.ts";
import { type FamilyAnswer, type ForecastThread, openForecastThread } from "./forecast-in-thread.ts";
import { forecastRestOfDay } from "./forecast-rest-of-day.ts";
import type { ForecastRun } from "./forecast-rows.ts";

const HORIZON_DAYS = 90;
const DAYS_A_WEEK = 7;
const MIN_DAYS = 3 * DAYS_A_WEEK;
/** A first start fills its history while this runs. */
const AGAIN_MS = 60_000;

/**
 * Forecasts spend, requests and active users of the next 90 days, today being the first, from all complete days: in
 * total with scenarios, and by provider, tier and feature so that the parts sum to the total; and the spend of the
 * rest of today. The days are forecast anew when the complete days have changed: once a day, and when late events came.
 */
export function forecastSpendJob(): WarehouseJob {
  let forecastFrom = "";
  return async ({ warehouse, catalog, newId }, dueAtMs) => {
    const { timezone } = catalog();
    const today = calendarWindow("day", dueAtMs, timezone).name;
    const history = await readForecastHistory(warehouse, today);
    if (history.days < MIN_DAYS) return notEnough(history.days);
    const run = { runId: newId(), madeAtMs: dueAtMs, today };
    const fingerprint = fingerprintOf(history, today);
    const families = fingerprint === forecastFrom ? [] : history.families;
    const thread = openForecastThread();
    try {
      const made = await forecastFamilies(thread, families, run);
      const rest = await forecastRestOfDay({ warehouse, thread }, { ...run, timezone });
      await publish(warehouse, { run, made, rest });
      forecastFrom = fingerprint;
      return reportOf(made, { run, days: history.days });
    } finally {
      await thread.close();
    }
  };
}

async function forecastFamilies(
  thread: ForecastThread,
  families: readonly SeriesFamily[],
  run: ForecastRun,
): Promise<FamilyAnswer[]> {
  const made: FamilyAnswer[] = [];
  for (const family of families) {
    const answer = await thread.family(usable(family), {
      horizon: HORIZON_DAYS,
      period: DAYS_A_WEEK,
      run,
    });
    if (answer !== null) made.push(answer);
  }
  return made;
}

/** A part that was never used would only be forecast as nothing. */
function usable({ name, total, groups, overlapping = [] }: SeriesFamily): SeriesFamily {
  const isUsed = ({ values }: { readonly values: readonly number[] }) => values.some((value) => value > 0);
  return {
    name,
    total,
    groups: groups.map((parts) => parts.filter(isUsed)),
    overlapping: overlapping.filter(isUsed),
  };
}

interface Published {
  readonly run: ForecastRun;
  readonly made: readonly FamilyAnswer[];
  readonly rest: object | null;
}

/** In one block, so that nobody reads half a run; the token makes a repeated insert do nothing. */
async function publish(warehouse: Warehouse, { run, made, rest }: Published): Promise<void> {
  const lines = [...made.map(({ ndjson }) => ndjson), rest === null ? "" : `${JSON.stringify(rest)}\n`];
  const rows = Buffer.from(lines.join(""));
  if (rows.length === 0) return;
  await warehouse.insertRaw("forecasts", rows, { deduplicationToken: `forecast-${run.runId}` });
}

function fingerprintOf({ families }: ForecastHistory, today: string): string {
  return createHash("sha256").update(today).update(JSON.stringify(families)).digest("base64");
}

function notEnough(days: number): JobReport {
  return {
    summary: `not enough history: ${days} of ${MIN_DAYS} days`,
    notable: false,
    details: { have: days, need: MIN_DAYS },
    againInMs: AGAIN_MS,
  };
}

function reportOf(
  made: readonly FamilyAnswer[],
  { run, days }: { readonly run: ForecastRun; readonly days: number },
): JobReport {
  const [spend] = made;
  if (spend === undefined) {
    return {
      summary: "the rest of today; no complete day has changed",
      notable: false,
      details: { runId: run.runId, days },
    };
  }
  const series = made.reduce((count, one) => count + one.series, 0);
  return {
    summary: `${series} series from ${days} days`,
    notable: true,
    details: {
      runId: run.runId,
      days,
      series,
      model: spend.model,
      mase: spend.mase,
      growthPerDay: spend.growth,
      notes: spend.notes,
      spendNano: spend.sums,
    },
    // Whether the days have settled: a first start fills its history while this runs.
    againInMs: AGAIN_MS,
  };
}
