import { z } from "zod";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn, pageQuery } from "../page.ts";
import { type Route, route } from "../route.ts";

const alertColumns = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  severity: z.string(),
  status: z.string(),
  opened_at: z.number(),
  notified_at: z.number().nullable(),
  resolved_at: z.number().nullable(),
  message: z.string(),
  details: jsonColumn,
});

const shownAlert = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  severity: z.string(),
  status: z.string(),
  openedAt: z.number(),
  notifiedAt: z.number().nullable(),
  resolvedAt: z.number().nullable(),
  message: z.string(),
  details: z.unknown(),
});

export function alertRoutes({ warehouse }: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/alerts",
      summary: "Alerts, the latest first",
      request: z.object({
        query: pageQuery.extend({ status: z.enum(["open", "acknowledged", "resolved", ""]).default("") }),
      }),
      answer: z.object({ alerts: z.array(shownAlert) }),
      handle: async ({ query }) => {
        const rows = await warehouse.query({
          sql: sqlFile(new URL("../../queries/alerts.sql", import.meta.url)),
          params: query,
          row: alertColumns,
        });
        return { alerts: rows.map(showAlert) };
      },
    }),
  ];
}

function showAlert(row: z.output<typeof alertColumns>): z.input<typeof shownAlert> {
  const { opened_at, notified_at, resolved_at, ...same } = row;
  return { ...same, openedAt: opened_at, notifiedAt: notified_at, resolvedAt: resolved_at };
}
