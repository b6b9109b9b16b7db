/** Lets the beginning of something through, and nothing of what follows while it is not worse. */
export interface Refractory {
  next(score: number): number;
}

export interface RefractoryOptions {
  /** Rows after a high score in which only a higher one counts. */
  readonly rows: number;
  /** The same as a share of the rows seen so far; the larger one holds. */
  readonly share: number;
}

/** A score above all of the last rows is given out as it is; any other one becomes 0. Amortised constant time. */
export function openRefractory({ rows, share }: RefractoryOptions): Refractory {
  /** Candidates for the largest of the last rows: falling scores, rising rows. */
  let recent: { row: number; score: number }[] = [];
  let row = 0;
  return {
    next(score) {
      const oldest = row - Math.max(rows, Math.round(share * row));
      recent = recent.filter((one) => one.row >= oldest);
      const isNew = score > (recent[0]?.score ?? Number.NEGATIVE_INFINITY);
      recent = recent.filter((one) => one.score > score);
      recent.push({ row, score });
      row += 1;
      return isNew ? score : 0;
    },
  };
}
