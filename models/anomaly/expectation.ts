import { openSeasonalProfile, type SeasonalProfile } from "./seasonal-profile.ts";

export interface Expectation {
  /** `best`: of what explained the series best so far. `daily`: of the time of day, where that has been seen. */
  at(timeMs: number, value: number): { readonly best: number; readonly daily: number };
  learn(timeMs: number, value: number): void;
}

const DAY_MS = 86_400_000;
const DAYS_A_WEEK = 7;
/** A season is believed when it leaves less than this share of the error that is left without it. */
const BELIEVED_SHARE = 0.7;
/** Rows that the error of the level is a mean of; four times as many for the level itself. */
const LONG_ROWS = 500;

/** What is expected at a time: a slow level, or a season where one was better so far. */
export function openExpectation(intervalMs: number): Expectation {
  const seasons = [DAY_MS, DAYS_A_WEEK * DAY_MS].map((lengthMs) => {
    const places = Math.max(1, Math.round(lengthMs / intervalMs));
    const placeAt = (timeMs: number): number => Math.floor(timeMs / intervalMs) % places;
    return { placeAt, profile: openSeasonalProfile(places) };
  });
  let level: number | null = null;
  let levelError = 0;
  let seen = 0;
  return {
    at(timeMs: number, value: number): { best: number; daily: number } {
      const base = level ?? value;
      let best = base;
      let bar = levelError;
      for (const { placeAt, profile } of seasons) {
        const expected = profile.expected(placeAt(timeMs));
        if (Number.isNaN(expected) || profile.error() >= bar * BELIEVED_SHARE) continue;
        best = expected;
        bar = profile.error();
      }
      return { best, daily: expectedOr(seasons[0]?.profile, seasons[0]?.placeAt(timeMs), base) };
    },
    learn(timeMs: number, value: number): void {
      seen += 1;
      const base = level ?? value;
      levelError += (Math.abs(value - base) - levelError) / Math.min(seen, LONG_ROWS);
      level = base + (value - base) / Math.min(seen, 4 * LONG_ROWS);
      for (const { placeAt, profile } of seasons) profile.learn(placeAt(timeMs), value);
    },
  };
}

function expectedOr(profile: SeasonalProfile | undefined, place: number | undefined, base: number): number {
  const expected = profile?.expected(place ?? 0) ?? Number.NaN;
  return Number.isNaN(expected) ? base : expected;
}
