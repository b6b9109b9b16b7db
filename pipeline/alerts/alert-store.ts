import { createHash } from "node:crypto";
import { z } from "zod";
import { type Alert, type Finding, nextAlerts, SEVERITIES } from "../../models/alerts/alert.ts";
import type { Silence, ToldNotice } from "../../models/alerts/notice.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const detailsColumn = z
  .string()
  .transform((text): unknown => (text === "" ? {} : JSON.parse(text)))
  .pipe(z.record(z.string(), scalar));

const alertRow = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  severity: z.enum(SEVERITIES),
  status: z.enum(["open", "acknowledged", "resolved"]),
  opened_at: z.number(),
  resolved_at: z.number().nullable(),
  message: z.string(),
  details: detailsColumn,
});

/** Alerts that are not resolved, and those that were resolved since. */
export async function readAlerts(warehouse: Warehouse, resolvedSinceMs: number): Promise<Alert[]> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/current-alerts.sql", import.meta.url)),
    params: { resolved_since: resolvedSinceMs },
    row: alertRow,
  });
  return rows.map(({ opened_at, resolved_at, ...same }) => ({
    ...same,
    openedAt: opened_at,
    resolvedAt: resolved_at,
  }));
}

/** Writes what becomes of the alerts after a look: `changed` are new or changed, `open` were open before. */
export async function followFindings(
  warehouse: Warehouse,
  findings: readonly Finding[],
  nowMs: number,
): Promise<{ readonly open: Alert[]; readonly changed: Alert[] }> {
  const open = (await readAlerts(warehouse, nowMs)).filter(({ status }) => status !== "resolved");
  const changed = nextAlerts(open, findings, { nowMs, idOf: alertIdOf });
  await writeAlerts(warehouse, changed);
  return { open, changed };
}

/** The writer of alerts, whoever found them. */
export async function writeAlerts(warehouse: Warehouse, alerts: readonly Alert[]): Promise<void> {
  await warehouse.insert(
    "alerts",
    alerts.map(({ openedAt, resolvedAt, details, ...same }) => ({
      ...same,
      opened_at: openedAt,
      resolved_at: resolvedAt ?? 0,
      details: JSON.stringify(details),
    })),
  );
}

export interface Delivery {
  readonly alertId: string;
  readonly channel: string;
  readonly event: ToldNotice["event"];
  readonly at: number;
  readonly attempts: number;
  readonly status: "delivered" | "waiting" | "given-up";
  /** Null: it is not tried again. */
  readonly nextAt: number | null;
  readonly error: string;
}

const deliveryRow = z.object({
  alert_id: z.string(),
  channel: z.string(),
  event: z.enum(["opened", "repeated", "resolved"]),
  alert_at: z.number(),
  attempts: z.number(),
  status: z.enum(["delivered", "waiting", "given-up"]),
  next_at: z.number().nullable(),
  error: z.string(),
});

export async function readDeliveries(warehouse: Warehouse, alertIds: readonly string[]): Promise<Delivery[]> {
  const rows = await warehouse.query({
    sql: sqlFile(new URL("../queries/alert-deliveries.sql", import.meta.url)),
    params: { ids: alertIds },
    row: deliveryRow,
  });
  return rows.map(({ alert_id, alert_at, next_at, ...same }) => ({
    ...same,
    alertId: alert_id,
    at: alert_at,
    nextAt: next_at,
  }));
}

export async function writeDelivery(warehouse: Warehouse, delivery: Delivery): Promise<void> {
  const { alertId, at, nextAt, ...same } = delivery;
  await warehouse.insert("alert_deliveries", [
    { ...same, alert_id: alertId, alert_at: at, next_at: nextAt ?? 0 },
  ]);
}

export async function readSilences(
  warehouse: Warehouse,
  nowMs: number,
): Promise<(Silence & { id: string; reason: string })[]> {
  return warehouse.query({
    sql: sqlFile(new URL("../queries/alert-silences.sql", import.meta.url)),
    params: { now: nowMs },
    row: z.object({
      id: z.string(),
      kind: z.string(),
      subject: z.string(),
      until: z.number(),
      reason: z.string(),
    }),
  });
}

/** A UUID (version 8: its bits are our own) that follows from what and when: two instances that open one alert mean the same. */
export function alertIdOf({ kind, subject }: Finding, openedAtMs: number): string {
  const time = openedAtMs.toString(16).padStart(12, "0").slice(-12);
  const hash = createHash("sha256").update(`${kind}\n${subject}`).digest("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-8${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}
