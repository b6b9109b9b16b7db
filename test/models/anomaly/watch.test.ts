import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findDrivers } from "../../../models/anomaly/drivers.ts";
import { explain, type PartSums } from "../../../models/anomaly/explain.ts";
import {
  type Anomaly,
  findAnomalies,
  GRAIN_MS,
  type Grain,
  type WatchedMetric,
} from "../../../models/anomaly/watch.ts";

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
  return watched("hour", metric, { length: count, rowAt });
}

function days(
  metric: WatchedMetric,
  count: number,
  rowAt: (day: number) => readonly [value: number, weight: number],
): Anomaly[] {
  return watched("day", metric, { length: count, rowAt });
}

interface Rows {
  readonly length: number;
  readonly rowAt: (row: number) => readonly [value: number, weight: number];
}

function watched(grain: Grain, metric: WatchedMetric, { length, rowAt }: Rows): Anomaly[] {
  const rows = Array.from({ length }, (_, row) => {
    const [value, weight] = rowAt(row);
    return { timeMs: row * GRAIN_MS[grain], value, weight };
  });
  return findAnomalies({ metric, grain, part: "", rows });
}

/** Hours from the beginning. */
const spans = (found: readonly Anomaly[]): number[][] => spansOf(found, "hour");
const spansOf = (found: readonly Anomaly[], grain: Grain): number[][] =>
  found.map(({ fromMs, toMs }) => [fromMs / GRAIN_MS[grain], toMs / GRAIN_MS[grain]]);

describe("a mean of few observations", () => {
  it("one failure of four calls is no alert, and an hour in which all of them fail is", () => {
    const usual = (hour: number) => [hour % 40 === 7 ? 0.25 : 0, 4] as const;
    expect(hours("error-rate", 400, usual)).toEqual([]);
    const outage = hours("error-rate", 400, (hour) => (hour === 300 ? [1, 4] : usual(hour)));
    expect(spans(outage)).toEqual([[300, 301]]);
  });

  it("a failure of one call is no alert, and two of two are where calls hardly ever fail", () => {
    const rare = (calls: number) => hours("error-rate", 400, (hour) => [hour === 300 ? 1 : 0, calls]);
    expect(rare(1)).toEqual([]);
    expect(spans(rare(2))).toEqual([[300, 301]]);
  });

  it("where a call in fifty fails, two failures of two are an alert when the next two fail as well", () => {
    const usual = (hour: number) => [hour % 25 === 7 ? 0.5 : 0, 2] as const;
    const found = hours("error-rate", 400, (hour) => (hour === 300 || hour === 301 ? [1, 2] : usual(hour)));
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

  it("a provider of which two ratings come a day is told when they fall by a star and a half for some days", () => {
    const usual = (day: number) => (day % 3 === 0 ? 4 : 4.5);
    const found = days("rating", 120, (day) => [usual(day) - (day >= 90 && day < 95 ? 1.5 : 0), 2]);
    expect(found).toHaveLength(1);
    expect(spansOf(found, "day")[0]?.[0]).toBeGreaterThanOrEqual(90);
    expect(spansOf(found, "day")[0]?.[0]).toBeLessThan(95);
  });

  it("what two users think is no news, however content the others were", () => {
    const usual = (day: number) => (day % 3 === 0 ? 4 : 4.5);
    expect(
      days("rating", 120, (day) => (day % 5 === 0 ? [day === 90 ? 1 : usual(day), 2] : [0, 0])),
    ).toHaveLength(0);
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

  it("the part that costs most is no cause where all prompts became longer", () => {
    // The dear part pays for its tokens, the cheap one mostly a price for each request: its bill hardly moves.
    const usualParts = [
      { ...sums("tier", "dear", 1), spend: 7_000 },
      { ...sums("tier", "cheap", 1), spend: 3_000 },
    ];
    const longer = [
      { ...sums("tier", "dear", 1, 900), spend: 63_000 },
      { ...sums("tier", "cheap", 1, 900), spend: 4_000 },
    ];
    const found = explain(
      { ...anomaly, metric: "request-cost" },
      {
        now: [{ ...sums("total", "", 2, 900), spend: 67_000 }, ...longer],
        usual: [{ ...sums("total", "", 2), spend: 10_000 }, ...usualParts],
      },
    );
    expect(found.map(({ name }) => name).slice(0, 2)).toEqual(["tokens-per-request", "tier=dear"]);
  });

  it("the part whose prompts alone became longer comes before that prompts became longer", () => {
    const now = [sums("total", "", 2, 500), sums("tier", "free", 1, 900), sums("tier", "premium", 1, 100)];
    expect(explain(anomaly, { now, usual })[0]).toMatchObject({ name: "tier=free" });
  });

  it("an anomaly of a part is explained by the part", () => {
    const found = explain({ ...anomaly, part: "provider=x", metric: "latency" }, { now: usual, usual });
    expect(found).toEqual([{ name: "provider=x", explained: 1, ratio: 2 }]);
  });
});
