/** Days of a calendar that one statement can make at once. */
export interface DayRun {
  readonly days: readonly string[];
  readonly first: string;
  readonly last: string;
}

const DAY_MS = 86_400_000;

/** Cuts days (`YYYY-MM-DD`, any order) into runs without gaps, the newest first, none longer than the limit. */
export function consecutive(
  days: readonly string[],
  { stepDays, maxDaysAtOnce }: { readonly stepDays: number; readonly maxDaysAtOnce: number },
): DayRun[] {
  const runs: string[][] = [];
  const maxPeriods = Math.max(1, Math.floor(maxDaysAtOnce / stepDays));
  for (const day of [...new Set(days)].sort().reverse()) {
    const run = runs.at(-1);
    const oldest = run?.at(-1);
    const follows = oldest !== undefined && Date.parse(oldest) - Date.parse(day) === stepDays * DAY_MS;
    if (run !== undefined && follows && run.length < maxPeriods) run.push(day);
    else runs.push([day]);
  }
  return runs.map((run) => ({ days: run, first: run.at(-1) ?? "", last: run[0] ?? "" }));
}
