import type { Request, Response } from "express";
import type { Gateway } from "../gateway.ts";
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
      pendingEvents: gateway.recorder.pending(),
      cache: gateway.cache.size(),
      providers: Object.fromEntries(gateway.health.states()),
    });
  };
}
