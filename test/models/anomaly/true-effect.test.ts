import { describe, expect, it } from "vitest";
import type { LabelledIncident } from "../../../bench/years/simulated-year.ts";
import { strongestSigmas } from "../../../bench/years/strongest-row.ts";
import { trueSigmas } from "../../../bench/years/true-effect.ts";
import { GRAIN_MS, type WatchedMetric, type WatchedSeries } from "../../../models/anomaly/watch.ts";

const FIRST_DAY = 40;

/** Forty days that go up and down by a tenth, and one on which the incident is. */
function series(metric: WatchedMetric, lastValue: number, weight = 1): WatchedSeries {
  const rows = Array.from({ length: FIRST_DAY + 1 }, (_, day) => {
    const usual = 1_000 * (1 + 0.1 * Math.sin(day * day));
    return { timeMs: day * GRAIN_MS.day, value: day === FIRST_DAY ? lastValue : usual, weight };
  });
  return { metric, grain: "day", part: "", rows };
}

function incident(metric: WatchedMetric, having: number, lacking: number): LabelledIncident {
  const timeMs = FIRST_DAY * GRAIN_MS.day;
  return {
    kind: "campaign",
    subject: "",
    fromMs: timeMs,
    toMs: timeMs + GRAIN_MS.day,
    factor: 1,
    relived: [{ metric, grain: "day", part: "", timeMs, with: having, without: lacking }],
  };
}

describe("the true effect of an incident", () => {
  it("is nothing where nothing differs without it, however far from the usual its day happened to be", () => {
    const one = incident("requests", 1_000, 1_000);
    expect(trueSigmas(series("requests", 3_000), one)).toBe(0);
    expect(strongestSigmas(series("requests", 3_000), one)).toBeGreaterThan(5);
  });

  it("is there where it differs, however usual its day happened to be, and grows with the difference", () => {
    const [some, more] = [1_500, 2_000].map((having) =>
      trueSigmas(series("requests", 1_000), incident("requests", having, 1_000)),
    );
    expect(some).toBeGreaterThan(2);
    expect(more).toBeGreaterThan(some ?? 0);
  });

  it("of a mean is larger where more than usual was observed, and nothing where nothing was", () => {
    const of = (weight: number) => {
      const { rows, ...same } = series("latency", 1_000, 10);
      const last = rows.map((row, day) => (day === FIRST_DAY ? { ...row, weight } : row));
      return trueSigmas({ ...same, rows: last }, incident("latency", 1_300, 1_000));
    };
    expect(of(0)).toBe(0);
    expect(of(40)).toBeCloseTo(2 * of(10), 9);
  });

  it("of failures is larger the more calls there were", () => {
    const of = (calls: number) => {
      const { rows, ...same } = series("error-rate", 1, calls);
      const failing = rows.map((row, day) => ({ ...row, value: day === FIRST_DAY ? 1 : 0 }));
      return trueSigmas({ ...same, rows: failing }, incident("error-rate", 0.97, 0.003));
    };
    expect(of(4)).toBeGreaterThan(of(1));
    expect(of(1)).toBeGreaterThan(2);
  });
});
