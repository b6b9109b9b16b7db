import { z } from "zod";
import { adminAction } from "../../../models/domain/admin-action.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn, pageQuery } from "../page.ts";
import { type Route, route } from "../route.ts";

const columns = adminAction.omit({ action_id: true }).extend({ id: z.string(), details: jsonColumn });
const shown = adminAction.omit({ action_id: true }).extend({ id: z.string(), details: z.unknown() });

/** Who did what here, as far as the warehouse has it. */
export function actionRoutes({ warehouse }: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/actions",
      summary: "What people did at this API, whether it was done or refused, the latest first",
      request: z.object({ query: pageQuery }),
      answer: z.object({ actions: z.array(shown) }),
      handle: async ({ query }) => ({
        actions: await warehouse.query({
          sql: sqlFile(new URL("../../queries/actions.sql", import.meta.url)),
          params: query,
          row: columns,
        }),
      }),
    }),
  ];
}
