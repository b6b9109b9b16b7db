import type { Feature } from "../domain/catalog.ts";
import type { Controls } from "./controls.ts";

/** While the load is high, answers are kept that many times as long. */
export const HIGH_LOAD_FACTOR = 2;

const MS_PER_MINUTE = 60_000;

/**
 * How long an answer for the feature may be given again, milliseconds; 0 = it is not cached. Looked at when an answer is asked for,
 * so that a directive holds for what is kept already. Of directives that name the feature and those for all, the newest counts.
 */
export function cacheLifetimeMs(controls: Controls, featureName: string, highLoad: boolean): number {
  const feature: Feature | undefined = controls.catalog.features.get(featureName);
  if (feature === undefined || feature.cacheMinutes === 0) return 0;
  const directive = controls.caches.find(
    ({ params }) => params.feature === undefined || params.feature === featureName,
  );
  const factor = (directive?.params.multiplyMinutes ?? 1) * (highLoad ? HIGH_LOAD_FACTOR : 1);
  return feature.cacheMinutes * factor * MS_PER_MINUTE;
}
