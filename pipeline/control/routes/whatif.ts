import { z } from "zod";
import { directiveInstruction } from "../../../models/domain/directive.ts";
import { usdFromNano } from "../../../models/domain/money.ts";
import type { ControlsEffect } from "../../../models/simulation/counterfactual.ts";
import { FORESIGHT_HOURS, openForesight } from "../../foresee-directive.ts";
import { checkNames } from "../admin-directives.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

const count = z.number().int().nonnegative();

/** Money in dollars. */
const shownEffect = z.object({
  requests: count,
  users: count,
  /** Whose requests would have been decided otherwise. */
  usersAffected: count,
  newlyDenied: count,
  newlyAdmitted: count,
  /** Of the requests of tiers that pay. */
  premiumDeniedShare: z.number(),
  cost: z.object({ before: z.number(), after: z.number(), changeShare: z.number().nullable() }),
  latencyChangeMs: z.number().nullable(),
  satisfactionChange: z.number().nullable(),
  /** Share of requests that the replay decides as they were decided. */
  identity: z.number(),
  confidence: z.number(),
});

/** What a directive would do, before somebody issues it. */
export function whatifRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "post",
      path: "/api/whatif",
      isReadOnly: true,
      summary:
        "What a directive or an emergency control would have changed in the last 24 hours; changes nothing",
      request: z.object({ body: directiveInstruction }),
      answer: z.object({
        hours: z.number(),
        /** null = there were no requests. */
        effect: shownEffect.nullable(),
      }),
      handle: async ({ body }) => {
        checkNames(body, deps.catalog());
        const foresee = await openForesight(deps, deps.now());
        const effect = foresee(body);
        return { hours: FORESIGHT_HOURS, effect: effect === null ? null : showEffect(effect) };
      },
    }),
  ];
}

function showEffect(effect: ControlsEffect): z.input<typeof shownEffect> {
  const { recorded, proposed, users, usersAffected, newlyDenied, newlyAdmitted } = effect;
  return {
    requests: recorded.requests,
    users,
    usersAffected,
    newlyDenied,
    newlyAdmitted,
    premiumDeniedShare: effect.premiumDeniedShare,
    cost: {
      before: usdFromNano(Math.round(recorded.cost)),
      after: usdFromNano(Math.round(proposed.cost)),
      changeShare: effect.costChangeShare,
    },
    latencyChangeMs: effect.latencyChangeMs,
    satisfactionChange: effect.satisfactionChange,
    identity: effect.identity,
    confidence: effect.confidence,
  };
}
