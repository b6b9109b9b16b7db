import { z } from "zod";
import type { CostEvent } from "../../../models/domain/cost-event.ts";
import { PublicError } from "../../../models/domain/errors.ts";
import { eventId } from "../../../models/domain/ids.ts";
import { MAX_USD, nanoFromUsd } from "../../../models/domain/money.ts";
import { appendEvent } from "../../record-event.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

const newCost = z.strictObject({
  kind: z.enum(["infrastructure", "support", "invoice"]),
  /** The provider, for an invoice. */
  provider: z.string().max(64).default(""),
  /** Dollars; negative for a credit. */
  amountUsd: z.number().min(-MAX_USD).max(MAX_USD),
  /** The days it covers, both included. */
  from: z.iso.date(),
  to: z.iso.date(),
  note: z.string().max(500).default(""),
});

const recordedCost = newCost.extend({ id: z.string(), ts: z.number() });

/** Costs that no request carries. */
export function costRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "post",
      path: "/api/costs",
      summary: "Record a cost that no request carries: infrastructure, support, a provider's invoice",
      status: 201,
      request: z.object({ body: newCost }),
      answer: recordedCost,
      handle: async ({ body }) => {
        checkCost(body);
        const id = eventId.parse(deps.newId());
        const ts = deps.now();
        const event: CostEvent = {
          event_id: id,
          ts,
          kind: body.kind,
          provider: body.provider,
          amount: nanoFromUsd(body.amountUsd),
          from_date: body.from,
          to_date: body.to,
          note: body.note,
        };
        await appendEvent(deps.log, "costs", { key: body.kind, event });
        return { ...body, id, ts };
      },
    }),
  ];
}

function checkCost({ kind, provider, from, to }: z.infer<typeof newCost>): void {
  if (to < from) throw new PublicError("invalid_request", "to: must not be before `from`", { param: "to" });
  if (kind === "invoice" && provider === "") {
    throw new PublicError("invalid_request", "provider: an invoice needs the provider that sent it", {
      param: "provider",
    });
  }
}
