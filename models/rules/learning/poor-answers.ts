import type { RequestEvent } from "../../domain/request-event.ts";

/** So long after its answer a question that comes once more says something about it, as in the gateway. */
const AGAIN_MS = 60_000;

/** Whether an answer tells by itself, or by what its user did next, that it was a poor one. */
export type IsPoor = (event: RequestEvent) => boolean;

/**
 * Answers that are cut off, empty, refused by the model, filtered by the provider, no JSON where JSON was asked for, or asked for once
 * more within a minute. That an answer was asked for again is told by the later event, which names no other: it is held against the
 * latest answer before it of that provider to that user's questions of the feature.
 */
export function poorAnswers(events: Iterable<RequestEvent>): IsPoor {
  const again = new Map<string, number[]>();
  for (const { user_id: user, feature, asked_again_of: provider, ts } of events) {
    if (provider === "") continue;
    const key = keyOf({ user, feature, provider });
    const known = again.get(key);
    if (known === undefined) again.set(key, [ts]);
    else known.push(ts);
  }
  return (event) => isPoorByItself(event) || isAskedAgain(event, again);
}

function isPoorByItself(event: RequestEvent): boolean {
  return event.cut_off || event.empty || event.refused || event.filtered || event.invalid_json;
}

function isAskedAgain(
  { user_id: user, feature, provider, ts, latency_ms: latencyMs }: RequestEvent,
  again: ReadonlyMap<string, readonly number[]>,
): boolean {
  if (again.size === 0) return false;
  const times = again.get(keyOf({ user, feature, provider })) ?? [];
  return times.some((ms) => ms > ts && ms - ts < AGAIN_MS + latencyMs);
}

function keyOf(of: { readonly user: string; readonly feature: string; readonly provider: string }): string {
  return `${of.feature}\n${of.provider}\n${of.user}`;
}
