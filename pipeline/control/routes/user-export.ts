import { z } from "zod";
import { userId } from "../../../models/domain/ids.ts";
import { user } from "../../../models/domain/user-event.ts";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import { askGateway } from "../ask-gateway.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

const MAX_REQUESTS = 10_000;
const MAX_OTHERS = 100_000;
const FIRST_ID = "00000000-0000-0000-0000-000000000000";

const row = z.looseObject({ event_id: z.uuid(), ts: z.number().int() });
type Row = z.infer<typeof row>;

const cursor = z
  .string()
  .regex(/^\d{1,15}_[0-9a-f-]{36}$/)
  .transform((text) => {
    const [ms = "0", id = FIRST_ID] = text.split("_");
    return { ms: Number(ms), id };
  });

/** Everything that is known of one user, as the tables have it: times in milliseconds, money in nano-dollars. */
export function userExportRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/users/:id/export",
      summary: "All data of one user; `nextCursor` leads to further requests",
      request: z.object({
        params: z.object({ id: userId }),
        query: z.object({ cursor: cursor.optional() }),
      }),
      answer: z.object({
        /** Null: nobody has met the user, or the user was erased. */
        user: user.nullable(),
        usage: z.unknown(),
        /** On the first page only. */
        events: z.array(row),
        ratings: z.array(row),
        requests: z.array(row),
        nextCursor: z.string().nullable(),
      }),
      handle: ({ params: { id }, query }) => exportUser(deps, id, query.cursor ?? null),
    }),
  ];
}

async function exportUser(
  deps: ControlDeps,
  id: string,
  from: { readonly ms: number; readonly id: string } | null,
) {
  await deps.directory.catchUp("users");
  const known = deps.directory.users.get(id) ?? null;
  const first = from === null;
  const others = { user: id, most: MAX_OTHERS };
  const [requests, ratings, events] = await Promise.all([
    read(deps, "requests", {
      user: id,
      most: MAX_REQUESTS,
      after_ms: from?.ms ?? -1,
      after_id: from?.id ?? FIRST_ID,
    }),
    first ? read(deps, "ratings", others) : [],
    first ? read(deps, "user_events", others) : [],
  ]);
  const last = requests.at(-1);
  return {
    user: known,
    usage: known === null ? null : await askGateway(() => deps.usageOf(known.id)),
    ...{ events, ratings, requests },
    nextCursor: last === undefined || requests.length < MAX_REQUESTS ? null : `${last.ts}_${last.event_id}`,
  };
}

function read(
  { warehouse }: ControlDeps,
  name: string,
  params: Readonly<Record<string, unknown>>,
): Promise<Row[]> {
  return warehouse.query({
    sql: sqlFile(new URL(`../../queries/export/${name}.sql`, import.meta.url)),
    params,
    row,
  });
}
