import { Temporal } from "temporal-polyfill";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Catalog } from "../../models/domain/catalog.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { forecastSpendJob } from "../../pipeline/jobs/forecast-spend.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

const DAYS_BACK = 28;
/** Before, there is too little to forecast from. */
const FIRST_AFTER_DAYS = 30;
/** Into the day, as the job runs. */
const AFTER_MIDNIGHT_MINUTES = 2;

interface PastForecastOptions {
  readonly warehouse: Warehouse;
  readonly catalog: Catalog;
  /** Of the made-up history. */
  readonly startDay: string;
  readonly nowMs: number;
}

/** The last days on which no forecast was made, the oldest first: a made-up past had nobody who forecast it. */
export async function daysWithoutForecast(options: PastForecastOptions): Promise<string[]> {
  const { warehouse, catalog, startDay, nowMs } = options;
  const rows = await warehouse.query({
    sql: sqlFile(new URL("./forecast_days.sql", import.meta.url)),
    row: z.object({ day: z.iso.date() }),
  });
  const done = new Set(rows.map(({ day }) => day));
  const today = Temporal.PlainDate.from(calendarWindow("day", nowMs, catalog.timezone).name);
  const first = Temporal.PlainDate.from(startDay).add({ days: FIRST_AFTER_DAYS }).toString();
  return Array.from({ length: DAYS_BACK }, (_, index) =>
    today.subtract({ days: DAYS_BACK - index }).toString(),
  ).filter((day) => day >= first && !done.has(day));
}

/** What the forecast job would have said on that day: it sees nothing but the days before. */
export async function forecastAsOf(
  day: string,
  { warehouse, catalog }: Pick<PastForecastOptions, "warehouse" | "catalog">,
): Promise<void> {
  const { epochMilliseconds } = Temporal.PlainDate.from(day)
    .toZonedDateTime(catalog.timezone)
    .add({ minutes: AFTER_MIDNIGHT_MINUTES });
  await forecastSpendJob()({ warehouse, catalog: () => catalog, newId: () => uuidv7() }, epochMilliseconds);
}
