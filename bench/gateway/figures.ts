import type { LoadFigures } from "./load.ts";

export interface Figures extends LoadFigures {
  /** Processor time of the proxy's process for each request. */
  readonly cpuMicroseconds: number;
  readonly residentMegabytes: number;
}

export function medians(runs: readonly Figures[]): Figures {
  const of = (field: keyof Figures) => rounded(median(runs.map((run) => run[field])));
  return {
    requests: of("requests"),
    perSecond: of("perSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    p999Ms: of("p999Ms"),
    firstBytesP50Ms: of("firstBytesP50Ms"),
    cpuMicroseconds: of("cpuMicroseconds"),
    residentMegabytes: of("residentMegabytes"),
  };
}

/** Medians of the rounds' own ratios: what disturbs the machine in a round disturbs all of them. */
export function ratiosOf(runs: ReadonlyMap<string, readonly Figures[]>, name: string): object {
  const own = runs.get(name) ?? [];
  const against = (other: string, ratio: (own: Figures, other: Figures) => number): number | undefined => {
    const others = runs.get(other);
    if (others === undefined) return undefined;
    const ratios = own.flatMap((figures, round) => {
      const theirs = others[round];
      return theirs === undefined ? [] : [ratio(figures, theirs)];
    });
    return rounded(median(ratios));
  };
  return {
    cpuAgainstRaw: against("raw", (a, b) => a.cpuMicroseconds / b.cpuMicroseconds),
    perSecondAgainstRaw: against("raw", (a, b) => a.perSecond / b.perSecond),
    addedP50Ms: against("raw", (a, b) => a.p50Ms - b.p50Ms),
    cpuAgainstPortkey: against("portkey", (a, b) => a.cpuMicroseconds / b.cpuMicroseconds),
    perSecondAgainstPortkey: against("portkey", (a, b) => a.perSecond / b.perSecond),
    firstBytesEarlierThanPortkeyMs: against("portkey", (a, b) => b.firstBytesP50Ms - a.firstBytesP50Ms),
  };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
