/** What a place in the season (a time of day, a weekday and hour) usually looks like. */
export interface SeasonalProfile {
  /** NaN until the place has been seen. */
  expected(place: number): number;
  learn(place: number, value: number): void;
  /** The mean absolute error of what was expected lately; infinite until half a season could be expected. */
  error(): number;
}

/** How far a place moves towards what it has just seen. */
const LEARNING_RATE = 0.3;
/** Errors count for about that many rows. */
const ERROR_ROWS = 500;

/** Simple exponential smoothing for each place by itself. */
export function openSeasonalProfile(places: number): SeasonalProfile {
  const usual = new Float64Array(places).fill(Number.NaN);
  let graded = 0;
  let meanError = 0;
  return {
    expected: (place) => usual[place] ?? Number.NaN,
    learn(place, value) {
      const before = usual[place] ?? Number.NaN;
      if (Number.isNaN(before)) {
        usual[place] = value;
        return;
      }
      graded += 1;
      meanError += (Math.abs(value - before) - meanError) / Math.min(graded, ERROR_ROWS);
      usual[place] = before + LEARNING_RATE * (value - before);
    },
    error: () => (graded > places / 2 ? meanError : Number.POSITIVE_INFINITY),
  };
}
