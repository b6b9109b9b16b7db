import { z } from "zod";
import { CONDITIONS, conditionEpisodes, conditionEvent } from "../../../models/domain/gateway-condition.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

const DEFAULT_CHANGES = 100;
const MAX_CHANGES = 1000;

const episode = z.object({
  id: z.string(),
  condition: z.enum(CONDITIONS),
  subject: z.string(),
  state: z.string(),
  reason: z.string(),
  numbers: z.record(z.string(), z.number()),
  beganAt: z.number(),
  changedAt: z.number(),
  endedAt: z.number().nullable(),
});

/** What the gateways do by themselves: safeguard stages, high load, bills above their bound. */
export function safeguardRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/safeguards",
      summary: "What the gateways do by themselves now, and each change of it, the latest first",
      request: z.object({
        query: z.object({ limit: z.coerce.number().int().min(1).max(MAX_CHANGES).default(DEFAULT_CHANGES) }),
      }),
      answer: z.object({
        active: z.array(episode),
        past: z.array(episode),
        changes: z.array(conditionEvent),
      }),
      handle: ({ query }) => {
        const changes = deps.directory.directives.conditions();
        const episodes = conditionEpisodes(changes, deps.now()).toReversed();
        return {
          active: episodes.filter(({ endedAt }) => endedAt === null).map(shown),
          past: episodes
            .filter(({ endedAt }) => endedAt !== null)
            .slice(0, query.limit)
            .map(shown),
          changes: changes.toReversed().slice(0, query.limit),
        };
      },
    }),
  ];
}

function shown({ numbers, ...same }: ReturnType<typeof conditionEpisodes>[number]): z.input<typeof episode> {
  return { ...same, numbers: { ...numbers } };
}
