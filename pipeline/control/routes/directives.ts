import { z } from "zod";
import {
  type DirectiveRecord,
  directiveInstruction,
  MAX_DIRECTIVE_SECONDS,
} from "../../../models/domain/directive.ts";
import { PublicError } from "../../../models/domain/errors.ts";
import { issuedEvent, recordDirectives } from "../../record-event.ts";
import { adminDirective, adminRevocation } from "../admin-directives.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";
import { type ShownDirective, showDirective, shownDirective } from "../shown-directive.ts";

const DEFAULT_PAST = 100;
const MAX_PAST = 1000;

const newDirective = z.intersection(
  directiveInstruction,
  z.object({
    reason: z.string().trim().min(1).max(500),
    expiresInSeconds: z.number().min(1).max(MAX_DIRECTIVE_SECONDS),
  }),
);

/** Instructions to the gateways: give one, see all, revoke one. */
export function directiveRoutes(deps: ControlDeps): Route[] {
  const show = (record: DirectiveRecord): ShownDirective => showDirective(record, deps.now());
  return [
    route({
      method: "post",
      path: "/api/directives",
      summary: "Instruct the gateways; it ends by itself after `expiresInSeconds`",
      status: 201,
      request: z.object({ body: newDirective }),
      answer: shownDirective,
      handle: async ({ body: { reason, expiresInSeconds, ...instruction } }) => {
        const order = { instruction, reason, seconds: expiresInSeconds };
        const directive = adminDirective(deps, order);
        await recordDirectives(deps, [issuedEvent(directive)]);
        return show({ directive, revoked: null });
      },
    }),
    route({
      method: "get",
      path: "/api/directives",
      summary: "The directives in force, and those that have ended, the latest first",
      request: z.object({
        query: z.object({ limit: z.coerce.number().int().min(0).max(MAX_PAST).default(DEFAULT_PAST) }),
      }),
      answer: z.object({ active: z.array(shownDirective), past: z.array(shownDirective) }),
      handle: ({ query }) => {
        const all = deps.directory.directives.all().map(show).sort(latestFirst);
        return {
          active: all.filter(({ state }) => state === "active"),
          past: all.filter(({ state }) => state !== "active").slice(0, query.limit),
        };
      },
    }),
    route({
      method: "delete",
      path: "/api/directives/:id",
      summary: "Revoke a directive",
      request: z.object({ params: z.object({ id: z.string() }) }),
      answer: shownDirective,
      handle: async ({ params }) => {
        const known = knownDirective(deps, params.id);
        const { state } = show(known);
        if (state !== "active")
          throw new PublicError("conflict", `directive "${params.id}" is ${state} already`);
        await recordDirectives(deps, [adminRevocation(deps, known.directive, "revoked by the admin")]);
        return show(knownDirective(deps, params.id));
      },
    }),
  ];
}

const latestFirst = (a: ShownDirective, b: ShownDirective): number => b.issuedAt - a.issuedAt;

function knownDirective({ directory }: ControlDeps, id: string): DirectiveRecord {
  const found = directory.directives.get(id);
  if (found === undefined)
    throw new PublicError("not_found", `there is no directive "${id}"`, { param: "id" });
  return found;
}
