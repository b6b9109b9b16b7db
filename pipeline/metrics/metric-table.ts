import { z } from "zod";
import { usdFromNano } from "../../models/domain/money.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** What a column holds, for people and programs; with `?`: null = not known. */
export const UNITS = {
  text: "text",
  "text?": "text; null: none",
  flag: "true or false",
  "flag?": "true or false; null: not known",
  count: "a count",
  usd: "US dollars",
  "usd?": "US dollars; null: not known",
  ms: "milliseconds",
  "ms?": "milliseconds; null: not known",
  "number?": "a ratio or mean; null: not known",
  time: "milliseconds since the epoch",
} as const;
export type Unit = keyof typeof UNITS;

export type MetricValue = string | number | boolean | null;
export type MetricRow = Record<string, MetricValue>;

/** One table of an answer: a query on a `bi_*` view, and what its columns hold. */
export interface MetricTable {
  readonly columns: readonly string[];
  /** Of a row as it is answered: money in dollars. */
  readonly schema: z.ZodType<MetricRow, MetricRow>;
  read(warehouse: Warehouse, range: MetricRange): Promise<MetricRow[]>;
}

export const GRAINS = ["day", "week", "month", "total"] as const;

/** Days of the catalog's time zone, both included. */
export interface MetricRange {
  readonly from: string;
  readonly to: string;
  readonly grain: (typeof GRAINS)[number];
}

/** `query` is the name of a file in `queries/metrics`; its columns are those given, money in nano-dollars. */
export function metricTable(query: string, units: Readonly<Record<string, Unit>>): MetricTable {
  const stored = z.record(z.string(), scalar);
  const schema = z.object(
    Object.fromEntries(Object.entries(units).map(([name, unit]) => [name, schemaOf(unit)])),
  );
  return {
    columns: Object.keys(units),
    schema,
    async read(warehouse, range) {
      const rows = await warehouse.query({
        sql: sqlFile(new URL(`../queries/metrics/${query}.sql`, import.meta.url)),
        params: { ...range },
        row: stored,
      });
      return rows.map((row) =>
        schema.parse(
          Object.fromEntries(
            Object.entries(units).map(([name, unit]) => [name, shown(row[name] ?? null, unit)]),
          ),
        ),
      );
    },
  };
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

function schemaOf(unit: Unit): z.ZodType<MetricValue, MetricValue> {
  const base = unit.startsWith("text") ? z.string() : unit.startsWith("flag") ? z.boolean() : z.number();
  const optional: z.ZodType<MetricValue, MetricValue> = unit.endsWith("?") ? base.nullable() : base;
  return optional.meta({ description: UNITS[unit] });
}

function shown(value: MetricValue, unit: Unit): MetricValue {
  if (unit.startsWith("usd")) return typeof value === "number" ? usdFromNano(value) : value;
  return unit.startsWith("flag") && typeof value === "number" ? value !== 0 : value;
}
