import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { PublicError } from "../../../models/domain/errors.ts";
import { calendarWindow } from "../../../models/domain/window.ts";
import { toCsv } from "../../metrics/csv.ts";
import { GRAINS, type MetricRange, type MetricRow, type MetricTable } from "../../metrics/metric-table.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

interface MetricFamily {
  readonly name: string;
  readonly summary: string;
  readonly tables: Readonly<Record<string, MetricTable>>;
}

const DEFAULT_DAYS = 30;
const MAX_DAYS = 1_100;

const range = z.object({
  /** The first day, in the catalog's time zone; default: 30 days up to `to`. */
  from: z.iso.date().optional(),
  /** The last day, included; default: today. */
  to: z.iso.date().optional(),
  grain: z.enum(GRAINS).default("day"),
  /** The table that a CSV holds; default: the first one. JSON has all of them. */
  table: z.string().optional(),
});

/** `GET /api/metrics/<name>?from&to&grain`: all tables of a family as JSON, or one of them as CSV (`Accept: text/csv`). */
export function metricFamilyRoute(deps: ControlDeps, { name, summary, tables }: MetricFamily): Route {
  const shapes = Object.entries(tables).map(([table, { schema }]) => [table, z.array(schema)] as const);
  return route({
    method: "get",
    path: `/api/metrics/${name}`,
    summary: `${summary}; from/to/grain, money in dollars, null = not known; CSV by Accept: text/csv and table=`,
    request: z.object({ query: range }),
    answer: z.object({
      from: z.iso.date(),
      to: z.iso.date(),
      grain: z.enum(GRAINS),
      tables: z.object(Object.fromEntries(shapes)),
    }),
    handle: async ({ query }) => {
      chosenTable(tables, query.table);
      const days = rangeOf(query, calendarWindow("day", deps.now(), deps.catalog().timezone).name);
      const read = Object.entries(tables).map(
        async ([table, { read: rows }]): Promise<[string, MetricRow[]]> => [
          table,
          await rows(deps.warehouse, days),
        ],
      );
      return { ...days, tables: Object.fromEntries(await Promise.all(read)) };
    },
    toCsv: (answer, raw) => {
      const { query } = z.object({ query: range }).parse(raw);
      const table = chosenTable(tables, query.table);
      return toCsv(tables[table]?.columns ?? [], answer.tables[table] ?? []);
    },
  });
}

function chosenTable(tables: MetricFamily["tables"], wanted: string | undefined): string {
  const names = Object.keys(tables);
  const [first = ""] = names;
  if (wanted === undefined) return first;
  if (names.includes(wanted)) return wanted;
  throw new PublicError("invalid_request", `table: one of ${names.join(", ")}`, { param: "table" });
}

function rangeOf({ from, to, grain }: z.output<typeof range>, today: string): MetricRange {
  const last = Temporal.PlainDate.from(to ?? today);
  const first =
    from === undefined ? last.subtract({ days: DEFAULT_DAYS - 1 }) : Temporal.PlainDate.from(from);
  const days = first.until(last, { largestUnit: "days" }).days + 1;
  if (days < 1) throw new PublicError("invalid_request", "from: must not be after `to`", { param: "from" });
  if (days > MAX_DAYS)
    throw new PublicError("invalid_request", `from: at most ${MAX_DAYS} days before \`to\``, {
      param: "from",
    });
  return { from: first.toString(), to: last.toString(), grain };
}
