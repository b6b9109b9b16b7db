import type { Provider } from "../domain/catalog.ts";
import type { FeedbackEvent } from "../domain/feedback-event.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import type { Incident } from "./incident.ts";
import { drawRating } from "./provider-behaviour.ts";
import type { Random } from "./random.ts";
import { drawEventId } from "./uuid.ts";

interface Answered {
  readonly event: RequestEvent;
  readonly incidents: readonly Incident[];
  readonly providers: ReadonlyMap<string, Provider>;
}

/** Of answers, those of which somebody says something. */
export const RATED_SHARE = 0.04;
/** A cached answer was a good one once. */
const CACHED_QUALITY = 4;
const MIN_DELAY_MS = 5_000;
const MAX_DELAY_MS = 600_000;

/** What the user says of an answer, some minutes later; null: nothing. */
export function drawFeedback(
  { event, incidents, providers }: Answered,
  random: Random,
): FeedbackEvent | null {
  if ((event.outcome !== "ok" && event.outcome !== "cached") || random() >= RATED_SHARE) return null;
  if (event.user_id === "") return null;
  const drop = incidents.find(({ kind, subject }) => kind === "quality-drop" && subject === event.provider);
  const ts =
    event.ts + Math.round(event.latency_ms + MIN_DELAY_MS + random() * (MAX_DELAY_MS - MIN_DELAY_MS));
  const quality = providers.get(event.provider)?.quality ?? CACHED_QUALITY;
  return {
    event_id: drawEventId(random, ts),
    request_id: event.request_id,
    app_id: event.app_id,
    user_id: event.user_id,
    ts,
    rating: drawRating({ quality, latencyMs: event.latency_ms, lowered: drop?.factor ?? 0 }, random),
    comment: "",
    source: "simulated",
  };
}
