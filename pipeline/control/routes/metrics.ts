import { toCsv } from "../../metrics/csv.ts";
import type { MetricRow, MetricValue } from "../../metrics/metric-table.ts";
import { METRICS } from "../../metrics/tables.ts";
import { readRealtime, realtimeMetrics, showRealtime } from "../../realtime.ts";
import { reconcile, reconciliation } from "../../reconciliation.ts";
import { readSinkLag, type SinkLag, sinkLag } from "../../sink-lag.ts";
import { askGateway } from "../ask-gateway.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route } from "../route.ts";
import { metricFamilyRoute } from "./metric-family.ts";

export function metricRoutes(deps: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/metrics/realtime",
      summary: "What is happening now; money in dollars, null = not known",
      answer: realtimeMetrics,
      handle: async () => showRealtime(await readRealtime(deps.warehouse)),
      toCsv: oneRow,
    }),
    plainRoute({
      method: "get",
      path: "/api/metrics/reconciliation",
      summary: "Whether gateways, log and warehouse have counted the same; money in nano-dollars",
      answer: reconciliation,
      handle: () => reconcile({ ...deps, gatewayTotals: () => askGateway(() => deps.gatewayTotals()) }),
      toCsv: oneRow,
    }),
    plainRoute({
      method: "get",
      path: "/api/metrics/lag",
      summary: "How many entries of the log the ingests have not yet done, by topic and partition",
      answer: sinkLag,
      handle: () => readSinkLag(deps.log),
      toCsv: lagRows,
    }),
    metricFamilyRoute(deps, {
      name: "performance",
      summary: "Providers and the product: times, success, uptime, satisfaction",
      tables: METRICS.performance,
    }),
    metricFamilyRoute(deps, {
      name: "cache",
      summary: "What the cache did, by feature",
      tables: METRICS.cache,
    }),
    metricFamilyRoute(deps, {
      name: "users",
      summary: "Users by day and tier, what they use when and where, and who stays",
      tables: METRICS.users,
    }),
    metricFamilyRoute(deps, {
      name: "business",
      summary: "Revenue, costs, margin, targets, invoices and break-even",
      tables: METRICS.business,
    }),
  ];
}

function lagRows({ topics }: SinkLag): string {
  const rows = topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, ...partition })),
  );
  return toCsv(["topic", "partition", "end", "committed", "lag"], rows);
}

/** Nested fields as `outer.inner`, lists joined by spaces. */
function oneRow(answer: object): string {
  const row = flatten(answer, "");
  return toCsv(Object.keys(row), [row]);
}

function flatten(value: object, prefix: string): MetricRow {
  const row: MetricRow = {};
  for (const [name, part] of Object.entries(value)) Object.assign(row, flattenPart(part, `${prefix}${name}`));
  return row;
}

function flattenPart(part: unknown, name: string): MetricRow {
  if (Array.isArray(part)) return { [name]: part.join(" ") };
  if (typeof part === "object" && part !== null) return flatten(part, `${name}.`);
  return { [name]: isValue(part) ? part : null };
}

function isValue(part: unknown): part is MetricValue {
  return typeof part === "string" || typeof part === "number" || typeof part === "boolean" || part === null;
}
