import { z } from "zod";
import {
  type Directive,
  type DirectiveInstruction,
  MAX_DIRECTIVE_SECONDS,
} from "../../../models/domain/directive.ts";
import { issuedEvent, recordDirectives } from "../../record-event.ts";
import { adminDirective, adminRevocation } from "../admin-directives.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route, route } from "../route.ts";
import { showDirective, shownDirective } from "../shown-directive.ts";

const MINUTE_SECONDS = 60;

const why = {
  reason: z.string().trim().min(1).max(500),
  minutes: z
    .number()
    .positive()
    .max(MAX_DIRECTIVE_SECONDS / MINUTE_SECONDS),
};

export const EMERGENCY_CONTROLS = [
  "pause-non-premium",
  "fallback-mode",
  "emergency-budget",
  "rate-limit",
] as const;
type EmergencyControl = (typeof EMERGENCY_CONTROLS)[number];

/** The four controls for a bad hour. Each is a directive like any other, and ends by itself. */
export function emergencyRoutes(deps: ControlDeps): Route[] {
  return [
    putControl(deps, "pause-non-premium", {
      summary: "Refuse the requests of tiers that do not pay",
      body: z.strictObject(why),
      instruct: () => ({ kind: "pause-non-premium", params: {} }),
    }),
    putControl(deps, "fallback-mode", {
      summary:
        "Send every request to the fallback provider, or to its tier's cheapest one where the tier may not use that (`fallbackProvider` of GET /api/catalog)",
      body: z.strictObject(why),
      instruct: () => ({ kind: "fallback-mode", params: {} }),
    }),
    putControl(deps, "emergency-budget", {
      summary: "Limit what all users together may spend a day",
      body: z.strictObject({ dailyUsd: z.number().min(0).max(5_000_000), ...why }),
      instruct: ({ dailyUsd }) => ({ kind: "emergency-budget", params: { dailyUsd } }),
    }),
    putControl(deps, "rate-limit", {
      summary: "Limit the requests a minute, of all users together or of each",
      body: z.strictObject({
        requestsPerMinute: z.number().int().min(1).max(10_000_000),
        scope: z.enum(["global", "user"]),
        ...why,
      }),
      instruct: ({ requestsPerMinute, scope }) => ({
        kind: "rate-limit",
        params: { requestsPerMinute, scope },
      }),
    }),
    ...EMERGENCY_CONTROLS.map((control) => endControl(deps, control)),
    getControls(deps),
  ];
}

interface ControlDefinition<Body> {
  readonly summary: string;
  readonly body: z.ZodType<Body>;
  instruct(body: Body): DirectiveInstruction;
}

/** Replaces what the admin set before: the new directive and the end of the old one go out together. */
function putControl<Body extends { reason: string; minutes: number }>(
  deps: ControlDeps,
  control: EmergencyControl,
  { summary, body: bodySchema, instruct }: ControlDefinition<Body>,
): Route {
  return route({
    method: "put",
    path: `/api/emergency/${control}`,
    summary,
    request: z.object({ body: bodySchema }),
    answer: shownDirective,
    handle: async ({ body }) => {
      const order = {
        instruction: instruct(body),
        reason: body.reason,
        seconds: body.minutes * MINUTE_SECONDS,
      };
      const directive = adminDirective(deps, order);
      const replaced = inForce(deps, control).filter((other) => isReplacedBy(other, directive));
      await recordDirectives(deps, [
        issuedEvent(directive),
        ...replaced.map((other) => adminRevocation(deps, other, "replaced by a newer one")),
      ]);
      return showDirective({ directive, revoked: null }, deps.now());
    },
  });
}

/** Ends the control whoever issued it: who ends an emergency means all of it. */
function endControl(deps: ControlDeps, control: EmergencyControl): Route {
  return route({
    method: "delete",
    path: `/api/emergency/${control}`,
    summary: `End ${control}, whoever began it`,
    request: z.object({}),
    answer: z.object({ ended: z.array(z.string()) }),
    handle: async () => {
      const ended = inForce(deps, control);
      const events = ended.map((directive) =>
        adminRevocation(deps, directive, `${control} ended by the admin`),
      );
      if (events.length > 0) await recordDirectives(deps, events);
      return { ended: ended.map(({ id }) => id) };
    },
  });
}

function getControls(deps: ControlDeps): Route {
  const state = z.object({ active: z.boolean(), directives: z.array(shownDirective) });
  return plainRoute({
    method: "get",
    path: "/api/emergency",
    summary: "The four controls and what is in force of each",
    answer: z.record(z.enum(EMERGENCY_CONTROLS), state),
    handle: () => {
      const stateOf = (control: EmergencyControl) => {
        const directives = inForce(deps, control);
        const shown = directives.map((directive) => showDirective({ directive, revoked: null }, deps.now()));
        return { active: shown.length > 0, directives: shown };
      };
      return {
        "pause-non-premium": stateOf("pause-non-premium"),
        "fallback-mode": stateOf("fallback-mode"),
        "emergency-budget": stateOf("emergency-budget"),
        "rate-limit": stateOf("rate-limit"),
      };
    },
  });
}

function inForce({ directory, now }: ControlDeps, control: EmergencyControl): Directive[] {
  return directory.directives.active(now()).filter(({ kind }) => kind === control);
}

/** The limit of all users together and that of each user stand side by side. */
function isReplacedBy(old: Directive, next: Directive): boolean {
  if (old.issuedBy.type !== "admin") return false;
  return old.kind !== "rate-limit" || next.kind !== "rate-limit" || old.params.scope === next.params.scope;
}
