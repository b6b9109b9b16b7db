import { eventId, requestId } from "../models/domain/ids.ts";
import type { RequestEvent } from "../models/domain/request-event.ts";
import type { Gateway } from "./gateway.ts";
import { type ReservationMemo, reservationMemo } from "./reservation-memo.ts";
import type { Reservation } from "./usage-store.ts";

const SWEEP_EVERY_MS = 5_000;

export interface OrphanSweep {
  /** Sweeps a last time, so that what an earlier process left behind does not wait for the next one. */
  close(): Promise<void>;
}

/**
 * Reservations whose request died with a gateway become `orphaned` events, billed at their bound: what a provider may have
 * charged is in the books. The event has the id that the request's own event would have had, so the two never count twice.
 */
export function startOrphanSweep(gateway: Gateway): OrphanSweep {
  let sweeping: Promise<void> | null = null;
  const recording = new Set<string>();
  const sweep = (): Promise<void> => {
    sweeping ??= sweepOrphans(gateway, recording)
      .catch((error: unknown) =>
        gateway.logger.error({ err: error }, "expired reservations could not be recorded"),
      )
      .finally(() => {
        sweeping = null;
      });
    return sweeping;
  };
  const timer = setInterval(sweep, SWEEP_EVERY_MS);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await sweeping;
      await sweep();
    },
  };
}

/** `recording`: reservations whose event is on its way; the caller keeps it from sweep to sweep. */
export async function sweepOrphans(gateway: Gateway, recording: Set<string>): Promise<void> {
  for (const reservation of await gateway.usage.expiredReservations(gateway.now())) {
    if (recording.has(reservation.id)) continue;
    recording.add(reservation.id);
    const event = orphanedEvent(reservation);
    const settle = async (): Promise<void> => {
      const bounds = reservation.charges.map(({ amount }) => amount);
      await gateway.usage.settle(reservation.id, bounds);
      recording.delete(reservation.id);
    };
    if (event === null) {
      gateway.logger.error(
        { reservation: reservation.id },
        "a reservation says nothing of its request; it counts at its bound",
      );
      await settle();
      continue;
    }
    gateway.logger.warn(
      { requestId: event.request_id, costNano: event.cost },
      "a request died with its gateway",
    );
    gateway.recorder.record(event, settle);
  }
}

/** Null: not even the request's id can be read. */
function orphanedEvent(reservation: Reservation): RequestEvent | null {
  const known = readMemo(reservation.memo) ?? factsWithoutMemo(reservation);
  if (known === null) return null;
  const { prior_cost, ...facts } = known;
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

/** Null: another version wrote it, or something else than a gateway. */
function readMemo(memo: string): ReservationMemo | null {
  try {
    return reservationMemo.safeParse(JSON.parse(memo)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What was spent is in the books, though nobody knows on what. The request's id names the event, so that all copies are one. */
function factsWithoutMemo({ id, expiresAtMs }: Reservation): ReservationMemo | null {
  const request = id.slice(0, id.lastIndexOf("/"));
  const ids = { event_id: eventId.safeParse(request).data, request_id: requestId.safeParse(request).data };
  if (ids.event_id === undefined || ids.request_id === undefined) return null;
  return {
    event_id: ids.event_id,
    request_id: ids.request_id,
    ts: expiresAtMs,
    app_id: "",
    user_id: "",
    tier: "",
    feature: "",
    country: "",
    device: "",
    controls_version: "",
    requested_model: "",
    provider: "",
    model: "",
    route_reason: "",
    stream: false,
    input_tokens: 0,
    output_tokens: 0,
    prior_cost: 0,
  };
}
