import { z } from "zod";
import { PublicError } from "../../../models/domain/errors.ts";
import { catalogName, eventId, type UserId, userId } from "../../../models/domain/ids.ts";
import { type User, type UserEvent, user } from "../../../models/domain/user-event.ts";
import { listedUser, pageOfUsers, simulatedUser } from "../../known-users.ts";
import { recordEvent } from "../../record-event.ts";
import { askGateway } from "../ask-gateway.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";
import { userExportRoutes } from "./user-export.ts";

const ACTOR = "admin";
const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;

const byId = z.object({ id: userId });

/** The end users and their tiers. */
export function userRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "put",
      path: "/api/users/:id",
      summary: "Create a user, or put one into another tier",
      request: z.object({ params: byId, body: z.strictObject({ tier: catalogName }) }),
      answer: user,
      handle: ({ params, body }) => setTier(deps, params.id, body.tier),
    }),
    route({
      method: "get",
      path: "/api/users",
      summary: "List users in the order of their ids",
      request: z.object({
        query: z.object({
          search: z.string().max(128).default(""),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
          /** `nextCursor` of the page before. */
          cursor: z.string().max(128).default(""),
        }),
      }),
      answer: z.object({
        users: z.array(listedUser),
        nextCursor: z.string().nullable(),
        /** Without the simulated ones. */
        total: z.number(),
        /** Null: the warehouse does not answer, so they are not listed. */
        simulatedTotal: z.number().nullable(),
      }),
      handle: async ({ query: { search, limit, cursor } }) => {
        const { warehouse, directory } = deps;
        const page = await pageOfUsers(
          { warehouse, users: directory.users },
          { search, after: cursor, limit },
        );
        const nextCursor = page.users.length < limit ? null : (page.users.at(-1)?.id ?? null);
        return { ...page, nextCursor };
      },
    }),
    route({
      method: "get",
      path: "/api/users/:id",
      summary: "A user with what the gateway has counted",
      request: z.object({ params: byId }),
      /** `usage`: null for a simulated user, of whom no gateway knows. */
      answer: user.extend({ usage: z.unknown(), simulated: z.boolean() }),
      handle: ({ params }) => describeUser(deps, params.id),
    }),
    route({
      method: "delete",
      path: "/api/users/:id",
      summary:
        "Erase a user: requests, ratings and the audit get a pseudonym within a minute, the last row goes in a day, the last file in three",
      request: z.object({ params: byId }),
      answer: z.object({ id: z.string(), erased: z.literal(true) }),
      handle: ({ params }) => erase(deps, params.id),
    }),
    ...userExportRoutes(deps),
  ];
}

async function describeUser(deps: ControlDeps, id: UserId) {
  const known = deps.directory.users.get(id);
  if (known !== undefined)
    return { ...known, simulated: false, usage: await askGateway(() => deps.usageOf(known.id)) };
  const made = await simulatedUser(deps.warehouse, id);
  if (made === undefined) throw unknownUser(id);
  return { ...made, simulated: true, usage: null };
}

async function setTier(deps: ControlDeps, id: UserId, tier: string): Promise<User> {
  const { tiers } = deps.catalog();
  if (!tiers.has(tier)) {
    const known = [...tiers.keys()].join(", ");
    throw new PublicError("invalid_request", `tier: there is no tier "${tier}"; the catalog has ${known}`, {
      param: "tier",
    });
  }
  await record(deps, id, { type: "set", tier });
  return knownUser(deps, id);
}

async function erase(deps: ControlDeps, id: UserId): Promise<{ id: string; erased: true }> {
  await deps.directory.catchUp("users");
  knownUser(deps, id);
  await record(deps, id, { type: "erased" });
  return { id, erased: true };
}

async function record(
  deps: ControlDeps,
  id: UserId,
  change: { type: "set"; tier: string } | { type: "erased" },
): Promise<void> {
  const event: UserEvent = {
    ...change,
    event_id: eventId.parse(deps.newId()),
    user_id: id,
    ts: deps.directory.users.nextEventMs(id, deps.now()),
    actor: ACTOR,
  };
  await recordEvent(deps, "users", { key: id, event });
}

function knownUser({ directory }: ControlDeps, id: string): User {
  const found = directory.users.get(id);
  if (found === undefined) throw unknownUser(id);
  return found;
}

function unknownUser(id: string): PublicError {
  return new PublicError("not_found", `there is no user "${id}"`, { param: "id" });
}
