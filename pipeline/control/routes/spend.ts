import { z } from "zod";
import { PublicError } from "../../../models/domain/errors.ts";
import { usdFromNano } from "../../../models/domain/money.ts";
import { STAGES } from "../../../models/policy/safeguards.ts";
import type { SpendWindow } from "../../reconciliation.ts";
import { askGateway } from "../ask-gateway.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route } from "../route.ts";

const window = z.object({
  spent: z.number(),
  /** Of requests in flight, at the most that they can cost. */
  reserved: z.number(),
  limit: z.number(),
  endsAt: z.number(),
});

const spend = z.object({
  stage: z.enum(STAGES),
  day: window,
  week: window,
  /** The lower of the day's hard limit and an emergency budget. */
  dayAllows: z.number(),
  /** Shares of the nearer limit at which each stage begins. */
  pauseAt: z.number(),
  fallbackAt: z.number(),
  stopAt: z.number(),
});

/** What decides admission: the gateways' own counters, not the warehouse's. */
export function spendRoutes(deps: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/spend",
      summary: "The spend of all users against the hard limits, as the gateways count it; money in dollars",
      answer: spend,
      handle: async () => {
        const { spend: counted } = await askGateway(() => deps.gatewayTotals());
        if (counted === undefined)
          throw new PublicError("not_ready", "the gateway does not tell its counters");
        const { pauseAt, fallbackAt, stopAt } = deps.catalog().safeguards;
        return {
          stage: counted.stage,
          day: show(counted.day),
          week: show(counted.week),
          dayAllows: usdFromNano(counted.dayAllows),
          pauseAt,
          fallbackAt,
          stopAt,
        };
      },
    }),
  ];
}

function show({ used, reserved, limit, endsAtMs }: SpendWindow): z.input<typeof window> {
  return {
    spent: usdFromNano(used),
    reserved: usdFromNano(reserved),
    limit: usdFromNano(limit),
    endsAt: endsAtMs,
  };
}
