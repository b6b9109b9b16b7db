/** Counts how often the same content came. */
export interface Repetitions {
  /** 0 for the first time. */
  next(contentHash: number): number;
}

/** The oldest contents are forgotten beyond this many, and start again at 0. */
const MAX_REMEMBERED = 20_000;

export function openRepetitions(): Repetitions {
  const counts = new Map<number, number>();
  return {
    next(contentHash) {
      const count = counts.get(contentHash) ?? 0;
      counts.set(contentHash, count + 1);
      if (counts.size > MAX_REMEMBERED) {
        for (const oldest of counts.keys()) {
          counts.delete(oldest);
          break;
        }
      }
      return count;
    },
  };
}
