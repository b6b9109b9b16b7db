import type { RequestEvent } from "../models/domain/request-event.ts";
import type { Gateway } from "./gateway.ts";
import { reservationMemo } from "./reservation-memo.ts";
import type { Reservation } from "./usage-store.ts";

const SWEEP_EVERY_MS = 5_000;

/**
 * Reservations whose request died with a gateway become `orphaned` events, billed at their bound: what a provider may have
 * charged is in the books. The event has the id that the request's own event would have had, so the two never count twice.
 */
export function startOrphanSweep(gateway: Gateway): { close(): void } {
  let sweeping = false;
  const recording = new Set<string>();
  const timer = setInterval(() => {
    if (sweeping) return;
    sweeping = true;
    sweepOrphans(gateway, recording)
      .catch((error: unknown) =>
        gateway.logger.error({ err: error }, "expired reservations could not be recorded"),
      )
      .finally(() => {
        sweeping = false;
      });
  }, SWEEP_EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

/** `recording`: reservations whose event is on its way; the caller keeps it from sweep to sweep. */
export async function sweepOrphans(gateway: Gateway, recording: Set<string>): Promise<void> {
  for (const reservation of await gateway.usage.expiredReservations(gateway.now())) {
    if (recording.has(reservation.id)) continue;
    recording.add(reservation.id);
    const event = orphanedEvent(reservation);
    gateway.logger.warn(
      { requestId: event.request_id, costNano: event.cost },
      "a request died with its gateway",
    );
    gateway.recorder.record(event, async () => {
      const bounds = reservation.charges.map(({ amount }) => amount);
      await gateway.usage.settle(reservation.id, bounds);
      recording.delete(reservation.id);
    });
  }
}

function orphanedEvent(reservation: Reservation): RequestEvent {
  const { prior_cost, ...facts } = reservationMemo.parse(JSON.parse(reservation.memo));
  const bound = reservation.charges.find(({ unit }) => unit === "nano-usd")?.amount ?? 0;
  return {
    ...facts,
    needs: [],
    propensity: 0,
    attempts: [],
    outcome: "orphaned",
    denial_reason: "",
    http_status: 0,
    latency_ms: 0,
    ttft_ms: 0,
    provider_ms: 0,
    overhead_us: 0,
    cached_input_tokens: 0,
    reasoning_tokens: 0,
    cost: prior_cost + bound,
    cache_saved: 0,
    cache_saved_ms: 0,
    cut_off: false,
    empty: false,
    refused: false,
    filtered: false,
    invalid_json: false,
    asked_again_of: "",
    source: "live",
  };
}
