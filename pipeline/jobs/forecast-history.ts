import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import type { FamilyPart, SeriesFamily } from "../../models/forecast/family.ts";
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
/** Parts of a grouping; the smaller ones are forecast together, as `other`. */
const MAX_PARTS = 12;
/** A part without a name. */
const NO_PART = "none";

const rowOf = <Field extends string>(field: Field) =>
  z
    .object({ day: z.iso.date(), dimension: z.string(), part: z.string() })
    .and(z.record(z.literal(field), z.number().int().nonnegative()));

interface DayValue {
  readonly day: string;
  readonly dimension: string;
  readonly part: string;
  readonly value: number;
}

/** Days without a request count as 0. The first day is left out: it is rarely a whole one. */
export async function readForecastHistory(warehouse: Warehouse, today: string): Promise<ForecastHistory> {
  const from = Temporal.PlainDate.from(today).subtract({ days: MAX_DAYS }).toString();
  const spent = await warehouse.query({
    sql: sqlFile(new URL("../queries/forecast-history.sql", import.meta.url)),
    params: { today, from },
    row: rowOf("requests").and(rowOf("cost")),
  });
  const seen = await warehouse.query({
    sql: sqlFile(new URL("../queries/forecast-users.sql", import.meta.url)),
    params: { today, from },
    row: rowOf("users"),
  });
  const [first] = spent;
  if (first === undefined) return { days: 0, families: [] };
  const start = Temporal.PlainDate.from(first.day).add({ days: 1 });
  const days = Math.max(0, start.until(Temporal.PlainDate.from(today), { largestUnit: "days" }).days);
  const indexOf = new Map(
    Array.from({ length: days }, (_, index) => [start.add({ days: index }).toString(), index]),
  );
  const family = (name: string, values: readonly DayValue[]): SeriesFamily => familyOf(name, values, indexOf);
  return {
    days,
    families: [
      family(
        "daily_spend",
        spent.map(({ cost, ...row }) => ({ ...row, value: cost })),
      ),
      family(
        "daily_requests",
        spent.map(({ requests, ...row }) => ({ ...row, value: requests })),
      ),
      family(
        "daily_active_users",
        seen.map(({ users, ...row }) => ({ ...row, value: users })),
      ),
    ],
  };
}

function familyOf(
  name: string,
  values: readonly DayValue[],
  indexOf: ReadonlyMap<string, number>,
): SeriesFamily {
  const series = new Map<string, Map<string, number[]>>();
  for (const { day, dimension, part, value } of values) {
    const index = indexOf.get(day);
    if (index === undefined) continue;
    const parts = series.get(dimension) ?? new Map<string, number[]>();
    const known = parts.get(part) ?? Array.from({ length: indexOf.size }, () => 0);
    known[index] = value;
    parts.set(part, known);
    series.set(dimension, parts);
  }
  const total = series.get("total")?.get("") ?? Array.from({ length: indexOf.size }, () => 0);
  series.delete("total");
  return {
    name,
    total,
    groups: [...series].map(([dimension, parts]) => largestParts(dimension, parts)),
  };
}

function largestParts(dimension: string, parts: ReadonlyMap<string, readonly number[]>): FamilyPart[] {
  const sized = [...parts]
    .map(([part, values]) => ({ part, values, size: values.reduce((sum, value) => sum + value, 0) }))
    .sort((a, b) => b.size - a.size || (a.part < b.part ? -1 : 1));
  const named = sized.slice(0, MAX_PARTS).map(({ part, values }) => ({
    name: `${dimension}=${part === "" ? NO_PART : part}`,
    values,
  }));
  const rest = sized.slice(MAX_PARTS);
  if (rest.length === 0) return named;
  const values = (rest[0]?.values ?? []).map((_, day) =>
    rest.reduce((sum, part) => sum + (part.values[day] ?? 0), 0),
  );
  return [...named, { name: `${dimension}=other`, values }];
}
