import { z } from "zod";
import { PublicError } from "../../../models/domain/errors.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import { readAlerts, writeAlerts } from "../../alerts/alert-store.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn, pageQuery } from "../page.ts";
import { type Route, route } from "../route.ts";
import { silenceRoutes } from "./alert-silences.ts";

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

export function alertRoutes(deps: ControlDeps): Route[] {
  return [listRoute(deps), acknowledgeRoute(deps), ...silenceRoutes(deps)];
}

function listRoute({ warehouse }: ControlDeps): Route {
  return route({
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
  });
}

function acknowledgeRoute({ warehouse, now }: ControlDeps): Route {
  return route({
    method: "post",
    path: "/api/alerts/:id/acknowledge",
    summary: "Somebody looks after it: it is not told again, until it gets worse",
    request: z.object({ params: z.object({ id: z.uuid() }) }),
    answer: z.object({ id: z.string(), status: z.literal("acknowledged") }),
    handle: async ({ params }) => {
      const alert = (await readAlerts(warehouse, now())).find(({ id }) => id === params.id);
      if (alert === undefined) throw new PublicError("not_found", "there is no open alert of this id");
      await writeAlerts(warehouse, [{ ...alert, status: "acknowledged" }]);
      return { id: alert.id, status: "acknowledged" as const };
    },
  });
}

function showAlert(row: z.output<typeof alertColumns>): z.input<typeof shownAlert> {
  const { opened_at, notified_at, resolved_at, ...same } = row;
  return { ...same, openedAt: opened_at, notifiedAt: notified_at, resolvedAt: resolved_at };
}
