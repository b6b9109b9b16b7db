import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import type { FamilyPart, SeriesFamily } from "../../models/forecast/family.ts";
import { sumOf } from "../../models/forecast/sequence.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

export interface ForecastHistory {
  /** Complete days. */
  readonly days: number;
  /** Daily spend, requests and active users. */
  readonly families: readonly SeriesFamily[];
}

/** What is older says nothing about tomorrow. */
const MAX_DAYS = 730;
/** Users by provider and feature are counted in the events themselves, so over less of the past. */
const MAX_USER_PART_DAYS = 120;
/** Parts of a grouping; the smaller ones are forecast together, as `other`. */
const MAX_PARTS = 12;
/** A part without a name. */
const NO_PART = "none";
const DAY_MS = 86_400_000;

const counts = z.array(z.number().int().nonnegative());
const spentRow = z.object({
  dimension: z.string(),
  part: z.string(),
  days: counts,
  requests: counts,
  costs: counts,
});
const usersRow = z.object({ dimension: z.string(), part: z.string(), days: counts, users: counts });

/** The days on which a part has a value, since the epoch, and the values. */
interface PartDays {
  readonly dimension: string;
  readonly part: string;
  readonly days: readonly number[];
  readonly values: readonly number[];
}

/** Days without a request count as 0. The first day is left out: it is rarely a whole one. */
export async function readForecastHistory(warehouse: Warehouse, today: string): Promise<ForecastHistory> {
  const params = { today, from: daysBefore(today, MAX_DAYS), max_parts: MAX_PARTS + 1 };
  const spent = await warehouse.query({ sql: queryText("forecast-history"), params, row: spentRow });
  const seen = await warehouse.query({ sql: queryText("forecast-users"), params, row: usersRow });
  const apart = await warehouse.query({
    sql: queryText("forecast-user-parts"),
    params: { ...params, from: daysBefore(today, MAX_USER_PART_DAYS) },
    row: usersRow,
  });
  const todayIndex = dayNumber(today);
  const first = Math.min(...spent.flatMap(({ dimension, days }) => (dimension === "total" ? days : [])));
  const days = Number.isFinite(first) ? Math.max(0, todayIndex - first - 1) : 0;
  if (days === 0) return { days, families: [] };
  const family = (name: string, parts: readonly PartDays[]): SeriesFamily =>
    familyOf(name, parts, { firstDay: todayIndex - days, days });
  const userParts = apart.map(({ users, ...row }) => ({ ...row, values: users }));
  const users = family(
    "daily_active_users",
    seen.map(({ users: values, ...row }) => ({ ...row, values })),
  );
  return {
    days,
    families: [
      family(
        "daily_spend",
        spent.map(({ costs: values, ...row }) => ({ ...row, values })),
      ),
      family(
        "daily_requests",
        spent.map(({ requests: values, ...row }) => ({ ...row, values })),
      ),
      { ...users, overlapping: overlappingParts(userParts, todayIndex, days) },
    ],
  };
}

interface Span {
  /** Since the epoch. */
  readonly firstDay: number;
  readonly days: number;
}

function familyOf(name: string, parts: readonly PartDays[], span: Span): SeriesFamily {
  const whole = parts.find(({ dimension }) => dimension === "total");
  const total = filled(whole, span);
  const dimensions = [...new Set(parts.map(({ dimension }) => dimension))].filter((one) => one !== "total");
  return {
    name,
    total,
    groups: dimensions.map((dimension) =>
      largestParts(
        parts.filter((part) => part.dimension === dimension),
        { total, span },
      ),
    ),
  };
}

/** Small parts are what the total has left. */
function largestParts(
  parts: readonly PartDays[],
  { total, span }: { readonly total: readonly number[]; readonly span: Span },
): FamilyPart[] {
  const named = parts.slice(0, MAX_PARTS).map((part) => ({ name: nameOf(part), values: filled(part, span) }));
  const dimension = parts[0]?.dimension ?? "";
  if (parts.length <= MAX_PARTS) return named;
  const values = total.map((value, day) =>
    Math.max(0, value - sumOf(named.map((part) => part.values[day] ?? 0))),
  );
  return [...named, { name: `${dimension}=other`, values }];
}

/** From the first day on that they are known of. */
function overlappingParts(parts: readonly PartDays[], todayIndex: number, days: number): FamilyPart[] {
  const known = Math.min(days, MAX_USER_PART_DAYS);
  const span = { firstDay: todayIndex - known, days: known };
  const dimensions = [...new Set(parts.map(({ dimension }) => dimension))];
  return dimensions.flatMap((dimension) =>
    parts
      .filter((part) => part.dimension === dimension)
      .slice(0, MAX_PARTS)
      .map((part) => ({ name: nameOf(part), values: filled(part, span) })),
  );
}

function filled(part: PartDays | undefined, { firstDay, days }: Span): number[] {
  const values = Array.from({ length: days }, () => 0);
  for (const [index, day] of (part?.days ?? []).entries()) {
    const place = day - firstDay;
    if (place >= 0 && place < days) values[place] = part?.values[index] ?? 0;
  }
  return values;
}

function nameOf({ dimension, part }: PartDays): string {
  return `${dimension}=${part === "" ? NO_PART : part}`;
}

function dayNumber(day: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime("UTC").epochMilliseconds / DAY_MS;
}

function daysBefore(day: string, days: number): string {
  return Temporal.PlainDate.from(day).subtract({ days }).toString();
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/${name}.sql`, import.meta.url));
}
