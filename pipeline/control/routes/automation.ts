import { z } from "zod";
import { MAX_DIRECTIVE_SECONDS } from "../../../models/domain/directive.ts";
import { PublicError } from "../../../models/domain/errors.ts";
import { automationMode } from "../../../models/domain/rule.ts";
import { AUTOMATION_STOPPED, changesOf, stopOf } from "../../../models/rules/automation-state.ts";
import { issuedEvent, recordDirectives } from "../../record-event.ts";
import { adminDirective, adminRevocation } from "../admin-directives.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route, route } from "../route.ts";
import { showDirective, shownDirective } from "../shown-directive.ts";

const MINUTE_SECONDS = 60;
const MAX_STOP_MINUTES = MAX_DIRECTIVE_SECONDS / MINUTE_SECONDS;
const DAY_MINUTES = 1_440;

const automationState = z.object({
  mode: automationMode,
  /** The directive by which somebody has stopped it; null = it is not stopped. */
  stopped: shownDirective.nullable(),
  /** What its rules have in force, the latest first. */
  active: z.array(shownDirective),
  changesLastHour: z.number().int(),
  maxChangesPerHour: z.number().int(),
});

/** Whether the automation acts, and the switch that stops it. */
export function automationRoutes(deps: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/automation",
      summary: "Whether the automation acts, and what its rules have in force",
      answer: automationState,
      handle: () => stateOf(deps),
    }),
    route({
      method: "put",
      path: "/api/automation/stop",
      summary: "Stop the automation at once and take back every directive of its rules (kill switch)",
      request: z.object({
        body: z.strictObject({
          reason: z.string().trim().min(1).max(500),
          minutes: z.number().positive().max(MAX_STOP_MINUTES).default(DAY_MINUTES),
        }),
      }),
      answer: automationState,
      handle: async ({ body: { reason, minutes } }) => {
        const stop = adminDirective(deps, {
          instruction: { kind: "pause-automation", params: {} },
          reason,
          seconds: minutes * MINUTE_SECONDS,
        });
        const replaced = stopOf(deps.directory.directives, deps.now());
        const ended = [...ofRules(deps), ...(replaced === null ? [] : [replaced])];
        const revocations = ended.map((one) => adminRevocation(deps, one, AUTOMATION_STOPPED));
        await recordDirectives(deps, [issuedEvent(stop), ...revocations]);
        return stateOf(deps);
      },
    }),
    plainRoute({
      method: "delete",
      path: "/api/automation/stop",
      summary: "Let the automation act again",
      answer: automationState,
      handle: async () => {
        const stop = stopOf(deps.directory.directives, deps.now());
        if (stop === null) throw new PublicError("not_found", "the automation is not stopped");
        await recordDirectives(deps, [adminRevocation(deps, stop, "the automation may act again")]);
        return stateOf(deps);
      },
    }),
  ];
}

function stateOf(deps: ControlDeps): z.input<typeof automationState> {
  const { mode, maxChangesPerHour } = deps.catalog().automation;
  const nowMs = deps.now();
  const show = (directive: Parameters<typeof adminRevocation>[1]) =>
    showDirective({ directive, revoked: null }, nowMs);
  const stop = stopOf(deps.directory.directives, nowMs);
  return {
    mode,
    stopped: stop === null ? null : show(stop),
    active: ofRules(deps).map(show).toReversed(),
    changesLastHour: changesOf(deps.directory.directives, nowMs).length,
    maxChangesPerHour,
  };
}

function ofRules({ directory, now }: ControlDeps) {
  return directory.directives.active(now()).filter(({ issuedBy }) => issuedBy.type === "rule");
}
