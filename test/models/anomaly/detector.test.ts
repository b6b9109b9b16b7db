import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDetector } from "../../../models/anomaly/detector.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Evenly spread over -1..1, the same on every run. */
function noise(row: number): number {
  const x = Math.sin(row * 12.9898) * 43_758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

function alertsOf(values: readonly number[], intervalMs: number): number[] {
  const detector = openDetector({ intervalMs });
  return values.flatMap((value, row) =>
    detector.next({ timeMs: row * intervalMs, value }).alert ? [row] : [],
  );
}

const daily = (day: number): number =>
  100 * (1 + 0.3 * Math.sin((2 * Math.PI * day) / 7)) * Math.exp(0.1 * noise(day));
const hourly = (hour: number): number =>
  100 *
  Math.exp(
    0.8 * Math.sin((2 * Math.PI * hour) / 24) +
      (Math.floor(hour / 24) % 7 > 4 ? -0.4 : 0) +
      0.1 * noise(hour),
  );
const fiveMinutes = (row: number): number => 50 + 20 * Math.sin((2 * Math.PI * row) / 288) + 5 * noise(row);

const rows = (count: number, valueAt: (row: number) => number): number[] =>
  Array.from({ length: count }, (_, row) => valueAt(row));

describe("daily values", () => {
  it("a day that costs twice as much is an alert on that day, and nothing else is", () => {
    expect(
      alertsOf(
        rows(200, (day) => daily(day) * (day === 120 ? 2 : 1)),
        DAY_MS,
      ),
    ).toEqual([120]);
  });

  it("a lasting change is told once, within ten days", () => {
    const alerts = alertsOf(
      rows(250, (day) => daily(day) * (day >= 120 ? 1.4 : 1)),
      DAY_MS,
    );
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toBeGreaterThanOrEqual(120);
    expect(alerts[0]).toBeLessThanOrEqual(130);
  });

  it("two days are an alert together when neither is by itself", () => {
    const raised = (days: readonly number[]) => (day: number) => daily(day) * (days.includes(day) ? 1.38 : 1);
    expect(alertsOf(rows(200, raised([120])), DAY_MS)).toEqual([]);
    expect(alertsOf(rows(200, raised([120, 121])), DAY_MS)).toEqual([121]);
  });

  it("the end of a busy week is no news of its own, and a day below what was before it is", () => {
    const busy = (day: number) => daily(day) * (day >= 120 && day < 127 ? 1.6 : 1);
    expect(alertsOf(rows(200, busy), DAY_MS).filter((day) => day >= 127)).toEqual([]);
    const broken = (day: number) => busy(day) * (day === 130 ? 0.3 : 1);
    expect(alertsOf(rows(200, broken), DAY_MS)).toContain(130);
  });

  it("steady growth is no alert", () => {
    expect(
      alertsOf(
        rows(300, (day) => daily(day) * 1.005 ** day),
        DAY_MS,
      ),
    ).toEqual([]);
  });

  it("a missing day moves no weekday", () => {
    const detector = openDetector({ intervalMs: DAY_MS });
    const alerts = Array.from({ length: 200 }, (_, day) => day)
      .filter((day) => day !== 100)
      .filter((day) => detector.next({ timeMs: day * DAY_MS, value: daily(day) }).alert);
    expect(alerts).toEqual([]);
  });
});

describe("hourly values", () => {
  it("a quiet hour with the traffic of a busy one is an alert", () => {
    // Hour 1002 is at night: three times the usual is not much by day.
    expect(
      alertsOf(
        rows(1_500, (hour) => hourly(hour) * (hour === 1_002 ? 3 : 1)),
        HOUR_MS,
      ),
    ).toEqual([1_002]);
  });

  it("weeks without an incident are silent", () => {
    expect(alertsOf(rows(3_000, hourly), HOUR_MS)).toEqual([]);
  });
});

describe("values every few minutes", () => {
  it("a value like none before is an alert, and the rows after it are not", () => {
    const alerts = alertsOf(
      rows(4_000, (row) => fiveMinutes(row) + (row >= 3_000 && row < 3_020 ? 200 : 0)),
      5 * MINUTE_MS,
    );
    expect(alerts).toContain(3_000);
    expect(alerts.filter((row) => row > 3_000 && row < 3_100).length).toBeLessThanOrEqual(2);
  });
});

describe("every detector", () => {
  it("judges a row by the rows up to it, and scores between 0 and 1", () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 30,
      maxLength: 120,
    });
    fc.assert(
      fc.property(
        values,
        fc.constantFrom(5 * MINUTE_MS, HOUR_MS, DAY_MS),
        fc.nat(29),
        (all, intervalMs, cut) => {
          const judge = (some: readonly number[]) => {
            const detector = openDetector({ intervalMs });
            return some.map((value, row) => detector.next({ timeMs: row * intervalMs, value }));
          };
          const whole = judge(all);
          expect(whole.slice(0, cut)).toEqual(judge(all.slice(0, cut)));
          for (const { score, alert } of whole) {
            expect(score >= 0 && score <= 1).toBe(true);
            expect(alert).toBe(score >= 0.5);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("a constant series is never an alert", () => {
    for (const intervalMs of [MINUTE_MS, HOUR_MS, DAY_MS]) {
      expect(
        alertsOf(
          rows(500, () => 7),
          intervalMs,
        ),
      ).toEqual([]);
      expect(
        alertsOf(
          rows(500, () => 0),
          intervalMs,
        ),
      ).toEqual([]);
    }
  });

  it("refuses an interval that is none", () => {
    expect(() => openDetector({ intervalMs: 0 })).toThrow(RangeError);
  });
});
