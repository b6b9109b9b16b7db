import { eventId, requestId } from "../models/domain/ids.ts";
import type { RequestEvent } from "../models/domain/request-event.ts";
import { actualAmounts } from "../models/policy/charges.ts";
import type { Gateway } from "./gateway.ts";
import { type ReservationMemo, reservationMemo } from "./reservation-memo.ts";
import { compareAttempts, type Reservation, requestOfReservation } from "./usage-store.ts";

const SWEEP_EVERY_MS = 5_000;
const RENEW_EVERY_MS = 5_000;
/** A reservation that has less left is renewed, so twelve renewals in a row must fail before a living request loses it. */
const RENEW_WHEN_LEFT_MS = 60_000;
const RENEWED_FOR_MS = 120_000;

export interface OrphanSweep {
  /** Sweeps a last time, so that what an earlier process left behind does not wait for the next one. */
  close(): Promise<void>;
}

/**
 * Keeps the reservations of this gateway's requests from expiring, and ends those whose request died with a gateway: each such
 * request becomes an `orphaned` event, billed at its bound, so that what a provider may have charged is in the books. The event has
 * the id that the request's own event would have had, so the two never count twice.
 */
export function startOrphanSweep(gateway: Gateway): OrphanSweep {
  const recording = new Set<string>();
  const { logger } = gateway;
  const sweep = oneAtATime(
    () => sweepOrphans(gateway, recording),
    (err) => logger.error({ err }, "expired reservations could not be recorded"),
  );
  // Apart from the sweep, which may have to search the log.
  const renew = oneAtATime(
    () => renewReservations(gateway),
    (err) => logger.error({ err }, "reservations could not be renewed"),
  );
  const timers = [setInterval(sweep, SWEEP_EVERY_MS), setInterval(renew, RENEW_EVERY_MS)];
  for (const timer of timers) timer.unref();
  return {
    async close() {
      for (const timer of timers) clearInterval(timer);
      await renew();
      await sweep();
      await sweep();
    },
  };
}

/** While it runs, the next one is the same. */
function oneAtATime(work: () => Promise<void>, onError: (error: unknown) => void): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () =>
    (running ??= work()
      .catch(onError)
      .finally(() => {
        running = null;
      }));
}

async function renewReservations({ usage, now }: Gateway): Promise<void> {
  await usage.renew({ beforeMs: now() + RENEW_WHEN_LEFT_MS, untilMs: now() + RENEWED_FOR_MS });
}

/** `recording`: requests whose event is on its way; the caller keeps it from sweep to sweep. */
export async function sweepOrphans(gateway: Gateway, recording: Set<string>): Promise<void> {
  // First: a clock that was set forward must not take this gateway's own requests for dead.
  await renewReservations(gateway);
  const byRequest = new Map<string, Reservation[]>();
  for (const reservation of await gateway.usage.expiredReservations(gateway.now())) {
    const request = requestOfReservation(reservation.id);
    byRequest.set(request, [...(byRequest.get(request) ?? []), reservation]);
  }
  for (const [request, reservations] of byRequest) {
    if (recording.has(request)) continue;
    recording.add(request);
    await recordOrphan(gateway, reservations, () => recording.delete(request));
  }
}

/**
 * One event for all attempts of the request. The last attempt's reservation knows what the attempts before it were billed, so its
 * event has the whole cost, and it is settled last, to all of it: a sweep that dies in between, or another gateway's, comes to the same.
 */
async function recordOrphan(
  gateway: Gateway,
  reservations: readonly Reservation[],
  whenOver: () => void,
): Promise<void> {
  const attempts = reservations.toSorted(compareAttempts).map(attemptOf);
  const last = attempts.at(-1);
  if (last === undefined) return;
  const settle = async (): Promise<void> => {
    try {
      for (const { reservation, costNano } of attempts) {
        const ownNano = last.facts === null || reservation === last.reservation ? costNano : 0;
        await gateway.usage.settle(reservation.id, actualAmounts(reservation.charges, ownNano));
      }
    } finally {
      // What could not be settled is told of again, and its event, which is the same one, is written once more.
      whenOver();
    }
  };
  if (last.facts === null) {
    gateway.logger.error(
      { reservation: last.reservation.id },
      "a reservation says nothing of its request; it counts at its bound",
    );
    return settle();
  }
  const event = orphanedEvent(last.facts, last.costNano);
  gateway.logger.warn(
    { requestId: event.request_id, costNano: event.cost },
    "a request died with its gateway",
  );
  gateway.recorder.record(event, settle);
}

/** `costNano`: what the request may have cost up to and with this attempt. `facts` null: not even the request's id can be read. */
function attemptOf(reservation: Reservation) {
  const known = readMemo(reservation.memo) ?? factsWithoutMemo(reservation);
  const boundNano = reservation.charges.find(({ unit }) => unit === "nano-usd")?.amount ?? 0;
  if (known === null) return { reservation, facts: null, costNano: boundNano };
  const { prior_cost, ...facts } = known;
  return { reservation, facts, costNano: prior_cost + boundNano };
}

function orphanedEvent(facts: Omit<ReservationMemo, "prior_cost">, costNano: number): RequestEvent {
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
    cost: costNano,
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
  const request = requestOfReservation(id);
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
