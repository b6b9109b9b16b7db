import { readRealtime, realtimeMetrics, showRealtime } from "../../realtime.ts";
import { reconcile, reconciliation } from "../../reconciliation.ts";
import { askGateway } from "../ask-gateway.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route } from "../route.ts";

export function metricRoutes(deps: ControlDeps): Route[] {
  return [
    plainRoute({
      method: "get",
      path: "/api/metrics/realtime",
      summary: "What is happening now; money in dollars, null = not known",
      answer: realtimeMetrics,
      handle: async () => showRealtime(await readRealtime(deps.warehouse)),
    }),
    plainRoute({
      method: "get",
      path: "/api/metrics/reconciliation",
      summary: "Whether gateways, log and warehouse have counted the same; money in nano-dollars",
      answer: reconciliation,
      handle: () => reconcile({ ...deps, gatewayTotals: () => askGateway(() => deps.gatewayTotals()) }),
    }),
  ];
}
