import { openDailyDetector } from "./daily-detector.ts";
import { openHourlyDetector } from "./hourly-detector.ts";
import { openStreamDetector } from "./stream-detector.ts";
import type { Detector } from "./verdict.ts";

const HOUR_MS = 3_600_000;
/** From here on a value stands for a day or a good part of it, and there are hundreds of them rather than thousands. */
const COARSE_MS = 6 * HOUR_MS;
/** From here on up to a few hours a value stands for a time of the day. */
const HOURLY_MS = HOUR_MS;

/** A detector for values that come every `intervalMs`. Throws RangeError for an interval that is not positive. */
export function openDetector({ intervalMs }: { readonly intervalMs: number }): Detector {
  if (!(intervalMs > 0)) throw new RangeError("an interval is longer than nothing");
  if (intervalMs >= COARSE_MS) return openDailyDetector({ intervalMs });
  return intervalMs >= HOURLY_MS ? openHourlyDetector({ intervalMs }) : openStreamDetector({ intervalMs });
}
