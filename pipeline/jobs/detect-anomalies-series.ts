import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import {
  GRAIN_MS,
  type WatchedMetric,
  type WatchedRow,
  type WatchedSeries,
} from "../../models/anomaly/watch.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { groupBy } from "../group-by.ts";

/** What is usual is learned from so much of the past. */
const HISTORY_HOURS = 35 * 24;
const HISTORY_DAYS = 180;
const HOUR_MS = GRAIN_MS.hour;

const count = z.number().nonnegative();
const hourRow = z.object({
  hour: z.number().int(),
  requests: count,
  spend: count,
  served: count,
  failed: count,
  answers: count,
  log_latency: z.number(),
  billed: count,
  log_cost: z.number(),
});
const hourCallRow = z.object({
  hour: z.number().int(),
  provider: z.string(),
  judged: count,
  answered: count,
  log_ms: z.number(),
});
const dayRow = z.object({
  day: z.iso.date(),
  requests: count,
  spend: count,
  served: count,
  failed: count,
  users: count,
  new_users: count,
});
const dayProviderRow = z.object({
  day: z.iso.date(),
  provider: z.string(),
  judged: count,
  answered: count,
  ms: count,
  ratings: count,
  rating_sum: count,
});

/** Everything that is watched, in complete hours and days, from the first with a request on. */
export async function readWatchedSeries(
  warehouse: Warehouse,
  { nowMs, timezone }: { readonly nowMs: number; readonly timezone: string },
): Promise<WatchedSeries[]> {
  return [...(await readHours(warehouse, nowMs)), ...(await readDays(warehouse, nowMs, timezone))];
}

async function readHours(warehouse: Warehouse, nowMs: number): Promise<WatchedSeries[]> {
  const toMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const params = { from: toMs - HISTORY_HOURS * HOUR_MS, to: toMs };
  const hours = await warehouse.query({ sql: queryText("hours"), params, row: hourRow });
  const calls = await warehouse.query({ sql: queryText("hour-calls"), params, row: hourCallRow });
  const [first] = hours;
  if (first === undefined) return [];
  const firstMs = first.hour * 1_000;
  const times = Array.from({ length: (toMs - firstMs) / HOUR_MS }, (_, index) => firstMs + index * HOUR_MS);
  const weave = weaver("hour", times);
  const hourMs = ({ hour }: { readonly hour: number }): number => hour * 1_000;
  return [
    weave("spend", "", hours, (row) => [hourMs(row), row.spend, 1]),
    weave("requests", "", hours, (row) => [hourMs(row), row.requests, 1]),
    weave("request-cost", "", hours, (row) => [hourMs(row), Math.exp(row.log_cost / row.billed), row.billed]),
    weave("error-rate", "", hours, (row) => [hourMs(row), row.failed / row.served, row.served]),
    weave("latency", "", hours, (row) => [hourMs(row), Math.exp(row.log_latency / row.answers), row.answers]),
    ...byProvider(calls).flatMap(([provider, rows]) => [
      weave("error-rate", provider, rows, (row) => [hourMs(row), failedShare(row), row.judged]),
      weave("latency", provider, rows, (row) => [
        hourMs(row),
        Math.exp(row.log_ms / row.answered),
        row.answered,
      ]),
    ]),
  ];
}

async function readDays(warehouse: Warehouse, nowMs: number, timezone: string): Promise<WatchedSeries[]> {
  const today = Temporal.PlainDate.from(calendarWindow("day", nowMs, timezone).name);
  const params = { today: today.toString(), from: today.subtract({ days: HISTORY_DAYS }).toString() };
  const days = await warehouse.query({ sql: queryText("days"), params, row: dayRow });
  const providers = await warehouse.query({ sql: queryText("day-providers"), params, row: dayProviderRow });
  const [first] = days;
  if (first === undefined) return [];
  const start = Temporal.PlainDate.from(first.day);
  const msOf = (day: string): number =>
    Temporal.PlainDate.from(day).toZonedDateTime(timezone).epochMilliseconds;
  const length = start.until(today, { largestUnit: "days" }).days;
  const times = Array.from({ length }, (_, index) => msOf(start.add({ days: index }).toString()));
  const weave = weaver("day", times);
  return [
    weave("spend", "", days, (row) => [msOf(row.day), row.spend, 1]),
    weave("requests", "", days, (row) => [msOf(row.day), row.requests, 1]),
    weave("active-users", "", days, (row) => [msOf(row.day), row.users, 1]),
    weave("new-users", "", days, (row) => [msOf(row.day), row.new_users, 1]),
    weave("error-rate", "", days, (row) => [msOf(row.day), row.failed / row.served, row.served]),
    ...byProvider(providers).flatMap(([provider, rows]) => [
      weave("error-rate", provider, rows, (row) => [msOf(row.day), failedShare(row), row.judged]),
      weave("latency", provider, rows, (row) => [msOf(row.day), row.ms / row.answered, row.answered]),
      weave("rating", provider, rows, (row) => [msOf(row.day), row.rating_sum / row.ratings, row.ratings]),
    ]),
  ];
}

/** Puts rows to their times; where there is none, nothing was observed and nothing was counted. */
function weaver(grain: WatchedSeries["grain"], times: readonly number[]) {
  return <Row>(
    metric: WatchedMetric,
    part: string,
    rows: readonly Row[],
    of: (row: Row) => readonly [timeMs: number, value: number, weight: number],
  ): WatchedSeries => {
    const known = new Map(
      rows.map((row) => {
        const [timeMs, value, weight] = of(row);
        return [timeMs, { timeMs, value: weight === 0 ? 0 : value, weight }];
      }),
    );
    const nothing = (timeMs: number): WatchedRow => ({ timeMs, value: 0, weight: 0 });
    return { metric, grain, part, rows: times.map((timeMs) => known.get(timeMs) ?? nothing(timeMs)) };
  };
}

function byProvider<Row extends { readonly provider: string }>(rows: readonly Row[]): [string, Row[]][] {
  return [...groupBy(rows, ({ provider }) => `provider=${provider}`)];
}

function failedShare({ judged, answered }: { readonly judged: number; readonly answered: number }): number {
  return (judged - answered) / judged;
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/anomalies/${name}.sql`, import.meta.url));
}
