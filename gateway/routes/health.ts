import type { Request, Response } from "express";
import type { Gateway } from "../gateway.ts";
import { GAP_GRAINS, type UsageStoreStatus } from "../usage-store.ts";
import { sendJson } from "./send-json.ts";

/** `/healthz`: the process runs. `/readyz`: it takes requests; 503 while it starts, stops, or cannot record. */
export function serveHealth(gateway: Gateway, state: { ready: () => boolean }) {
  return (request: Request, response: Response): void => {
    if (request.path === "/healthz") {
      sendJson(response, 200, { status: "ok" });
      return;
    }
    const ready = state.ready() && gateway.recorder.accepting();
    sendJson(response, ready ? 200 : 503, {
      status: ready ? "ready" : "not ready",
      controlsVersion: gateway.controls.current().version,
      safeguardStage: gateway.safeguards.stage(),
      highLoad: gateway.load.aggressiveCaching(),
      ...gateway.load.load(),
      inWork: gateway.slots.inWork(),
      waiting: gateway.slots.waiting(),
      usageStore: describeStore(gateway.usage.status()),
      pendingEvents: gateway.recorder.pending(),
      cache: gateway.cache.size(),
      providers: Object.fromEntries(gateway.health.states()),
    });
  };
}

/** Requests whose limits cannot be known are refused one by one: others are served, so the gateway stays ready. */
function describeStore(status: UsageStoreStatus): object {
  if (status.state !== "incomplete") return status;
  const { completeSinceMs, endsAtMs } = status.gap;
  const unknownUntil = GAP_GRAINS.flatMap((grain) => {
    const endMs = endsAtMs[grain];
    return endMs === undefined ? [] : [[grain, isoOf(endMs)]];
  });
  return {
    state: status.state,
    accepted: status.accepted,
    completeSince: isoOf(completeSinceMs),
    unknownUntil: Object.fromEntries(unknownUntil),
  };
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
