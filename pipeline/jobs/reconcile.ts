import type { Job } from "../job.ts";
import { reconcile } from "../reconciliation.ts";

/** Holds what gateways, log and warehouse have counted against each other, and says loudly when something is missing. */
export const reconcileJob: Job = async ({ log, warehouse, gatewayTotals, logger }) => {
  const found = await reconcile({ log, warehouse, gatewayTotals });
  const wrong = found.missing > 0 || (found.settled && !found.agree);
  if (wrong) logger.error({ reconciliation: found }, "gateways, log and warehouse do not agree");
  const summary = wrong
    ? `disagreement: gateway ${found.gateway.events}, log ${found.log.events}, warehouse ${found.warehouse.distinct}`
    : `${found.warehouse.distinct} events in the warehouse, ${found.lag} on their way, ${found.deadLetters} dead`;
  return { summary, notable: wrong, details: found };
};
