import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findDrivers } from "../../../models/anomaly/drivers.ts";
import { explain, type PartSums } from "../../../models/anomaly/explain.ts";
import { type Anomaly, findAnomalies, GRAIN_MS, type WatchedMetric } from "../../../models/anomaly/watch.ts";

/** Evenly spread over 0..1, the same on every run. */
function chance(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

/** A metric over some hours. */
function hours(
  metric: WatchedMetric,
  count: number,
  rowAt: (hour: number) => readonly [value: number, weight: number],
): Anomaly[] {
  const rows = Array.from({ length: count }, (_, hour) => {
    const [value, weight] = rowAt(hour);
    return { timeMs: hour * GRAIN_MS.hour, value, weight };
  });
  return findAnomalies({ metric, grain: "hour", part: "", rows });
}

/** Hours from the beginning. */
const spans = (found: readonly Anomaly[]): number[][] =>
  found.map(({ fromMs, toMs }) => [fromMs / GRAIN_MS.hour, toMs / GRAIN_MS.hour]);

describe("a mean of few observations", () => {
  it("one failure of four calls is no alert, and an hour in which all of them fail is", () => {
    const usual = (hour: number) => [hour % 40 === 7 ? 0.25 : 0, 4] as const;
    expect(hours("error-rate", 400, usual)).toEqual([]);
    const outage = hours("error-rate", 400, (hour) => (hour === 300 ? [1, 4] : usual(hour)));
    expect(spans(outage)).toEqual([[300, 301]]);
  });

  it("two failures of two calls are an alert when the next two fail as well", () => {
    const found = hours("error-rate", 400, (hour) => (hour === 300 || hour === 301 ? [1, 2] : [0, 2]));
    expect(spans(found)).toEqual([[301, 302]]);
  });

  it("fewer failures than usual are no alert", () => {
    expect(hours("error-rate", 400, (hour) => [hour < 300 ? 0.1 : 0, 500])).toEqual([]);
  });

  it("answers that take five times as long are one anomaly until they are fast again", () => {
    const found = hours("latency", 500, (hour) => {
      const slow = hour >= 400 && hour < 406 ? 5 : 1;
      return [800 * slow * (0.9 + 0.2 * chance(hour)), 20];
    });
    expect(spans(found)).toEqual([[400, 406]]);
    expect(found[0]?.isOpen).toBe(false);
  });

  it("what has not ended is open, and an hour without calls does not end it", () => {
    const found = hours("error-rate", 303, (hour) =>
      hour >= 300 ? (hour === 301 ? [0, 0] : [0.9, 50]) : [0, 50],
    );
    expect(found).toMatchObject([{ fromMs: 300 * GRAIN_MS.hour, toMs: 303 * GRAIN_MS.hour, isOpen: true }]);
  });
});

describe("counts", () => {
  it("a quiet hour at night is no alert because of what chance does to small numbers", () => {
    const found = hours("requests", 24 * 60, (hour) => {
      const usual = 12 + 10 * Math.sin((2 * Math.PI * hour) / 24);
      // Up to three deviations of a Poisson distribution.
      return [Math.max(0, Math.round(usual + (6 * chance(hour) - 3) * Math.sqrt(usual))), 1];
    });
    expect(found).toEqual([]);
  });

  it("each row is judged by those before it alone", () => {
    const row = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 30 }));
    const series = fc.array(row, { minLength: 60, maxLength: 90 });
    fc.assert(
      fc.property(
        series,
        fc.constantFrom("error-rate", "latency", "requests", "rating", "new-users"),
        (rows, metric) => {
          const at = (hour: number) => rows[hour] ?? ([0, 0] as const);
          const begun = (found: readonly Anomaly[]) => found.map(({ fromMs, score }) => ({ fromMs, score }));
          const whole = begun(hours(metric, rows.length, at));
          const cut = begun(hours(metric, rows.length - 10, at));
          expect(whole.slice(0, cut.length)).toEqual(cut);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("drivers", () => {
  const size = fc.double({ min: 0.01, max: 1e6, noNaN: true });

  it("explain all of a change, whatever it is", () => {
    const factor = fc.record({ name: fc.string(), actual: size, expected: size });
    fc.assert(
      fc.property(fc.array(factor, { minLength: 1, maxLength: 5 }), (factors) => {
        const drivers = findDrivers(factors);
        if (drivers.length > 0)
          expect(drivers.reduce((sum, one) => sum + one.explained, 0)).toBeCloseTo(1, 3);
      }),
    );
  });
});

describe("explanations", () => {
  const sums = (dimension: string, part: string, scale: number, tokens = 100): PartSums => ({
    dimension,
    part,
    users: 10 * scale,
    requests: 100 * scale,
    spend: 100 * scale * tokens,
    served: 100 * scale,
    failed: scale,
    answers: 90 * scale,
    latency: 90_000 * scale,
    tokens: 100 * scale * tokens,
  });
  const anomaly: Anomaly = {
    metric: "spend",
    grain: "hour",
    part: "",
    fromMs: 0,
    toMs: GRAIN_MS.hour,
    isOpen: true,
    actual: 2,
    expected: 1,
    score: 0.6,
  };
  const usual = [sums("total", "", 2), sums("tier", "free", 1), sums("tier", "premium", 1)];

  it("a part that stands out comes before what drives the whole", () => {
    const now = [sums("total", "", 5), sums("tier", "free", 4), sums("tier", "premium", 1)];
    expect(explain(anomaly, { now, usual })[0]).toMatchObject({ name: "tier=free", explained: 1, ratio: 4 });
  });

  it("where all parts moved alike, what drives the whole comes first", () => {
    const now = [sums("total", "", 2, 900), sums("tier", "free", 1, 900), sums("tier", "premium", 1, 900)];
    expect(explain(anomaly, { now, usual })[0]).toMatchObject({ name: "tokens-per-request", ratio: 9 });
  });

  it("an anomaly of a part is explained by the part", () => {
    const found = explain({ ...anomaly, part: "provider=x", metric: "latency" }, { now: usual, usual });
    expect(found).toEqual([{ name: "provider=x", explained: 1, ratio: 2 }]);
  });
});
