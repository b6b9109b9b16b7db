import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Forecast } from "../../../models/forecast/forecast.ts";
import { forecastSeries } from "../../../models/forecast/forecast-series.ts";
import { noise, series, weekday } from "./series.ts";

const PERIOD = 7;
const USE_ALL = { period: PERIOD, minHistory: 1 };

function made(forecast: Forecast) {
  if (forecast.kind !== "forecast") throw new Error("there is not enough history");
  return forecast;
}

describe("forecastSeries", () => {
  it("says so when there is not enough history", () => {
    for (const have of [0, 1, 20]) {
      expect(forecastSeries(series(have, weekday), 7, { period: PERIOD })).toEqual({
        kind: "not-enough-history",
        have,
        need: 21,
      });
    }
  });

  it("continues a week that repeats itself exactly, without a doubt", () => {
    for (const { step, point, lo95, hi95 } of made(
      forecastSeries(series(70, weekday), 14, { period: PERIOD }),
    ).points) {
      expect(point).toBeCloseTo(weekday(69 + step), 6);
      expect(hi95 - lo95).toBeLessThan(1e-6);
    }
  });

  it("sees growth that the last week alone does not show", () => {
    const history = series(140, (day) => weekday(day) * 1.01 ** day * (1 + 0.02 * noise(day)));
    const { points } = made(forecastSeries(history, 7, { period: PERIOD }));
    for (const { step, point } of points) {
      const actual = weekday(139 + step) * 1.01 ** (139 + step);
      expect(Math.abs(point / actual - 1)).toBeLessThan(0.06);
    }
  });

  it("weights sum to one, and the combination is graded beside its models", () => {
    const history = series(120, (day) => weekday(day) * (1 + 0.3 * noise(day)));
    const { weights, backtests } = made(forecastSeries(history, 14, { period: PERIOD }));
    expect(weights.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(backtests[0]?.model).toBe("combination");
    const errors = backtests.slice(1).map(({ meanAbsoluteError }) => meanAbsoluteError);
    expect(errors).toEqual(errors.toSorted((a, b) => a - b));
    expect(backtests[0]?.meanAbsoluteError).toBeLessThan(errors.at(-1) ?? 0);
  });

  it("says the same of the same history", () => {
    const history = series(200, (day) => weekday(day) * (1 + noise(day)));
    expect(forecastSeries(history, 30, { period: PERIOD })).toEqual(
      forecastSeries(history, 30, { period: PERIOD }),
    );
  });

  it("intervals hold about as much of what comes as they say", () => {
    const whole = series(500, (day) => weekday(day) * 10 + 50 * (noise(day) - 0.5));
    let inside80 = 0;
    let inside95 = 0;
    let count = 0;
    for (let origin = 200; origin + PERIOD <= whole.length; origin += 20) {
      const { points } = made(forecastSeries(whole.slice(0, origin), PERIOD, { period: PERIOD }));
      for (const { step, lo80, hi80, lo95, hi95 } of points) {
        const actual = whole[origin + step - 1] ?? 0;
        inside80 += actual >= lo80 && actual <= hi80 ? 1 : 0;
        inside95 += actual >= lo95 && actual <= hi95 ? 1 : 0;
        count += 1;
      }
    }
    expect(inside80 / count).toBeGreaterThan(0.72);
    expect(inside80 / count).toBeLessThan(0.9);
    expect(inside95 / count).toBeGreaterThan(0.9);
  });

  it("whatever the history is, intervals enclose a finite point, and nothing is below zero", () => {
    const value = fc.oneof(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.constant(0),
      fc.constant(Number.NaN),
    );
    const histories = fc
      .array(value, { minLength: 1, maxLength: 90 })
      .filter((all) => all.some(Number.isFinite));
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 40 }), (history, horizon) => {
        const { points } = made(forecastSeries(history, horizon, USE_ALL));
        expect(points).toHaveLength(horizon);
        for (const { point, lo80, hi80, lo95, hi95 } of points) {
          expect(Number.isFinite(point)).toBe(true);
          expect(0 <= lo95 && lo95 <= lo80 && lo80 <= point && point <= hi80 && hi80 <= hi95).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("an exploding or a negative series leads to finite numbers", () => {
    const exploding = series(60, (day) => 2 ** day);
    const negative = series(60, (day) => -100 + 50 * noise(day));
    for (const history of [exploding, negative]) {
      for (const { point, lo95, hi95 } of made(forecastSeries(history, 30, USE_ALL)).points) {
        expect([point, lo95, hi95].every(Number.isFinite)).toBe(true);
      }
    }
    const [first] = made(forecastSeries(negative, 1, USE_ALL)).points;
    expect(first?.point).toBeLessThan(0);
  });

  it("a gap is filled, a single wild day is no reason to expect another, and both are told", () => {
    const usual = (day: number): number => weekday(day) + noise(day);
    const gappy = series(120, (day) => (day === 50 ? Number.NaN : usual(day)));
    const wild = series(120, (day) => (day === 100 ? 5_000 : usual(day)));
    expect(made(forecastSeries(gappy, 7, { period: PERIOD })).notes).toContain("gaps-filled");
    const forecast = made(forecastSeries(wild, 7, { period: PERIOD }));
    expect(forecast.notes).toContain("outliers-tamed");
    for (const { point } of forecast.points) expect(point).toBeLessThan(60);
  });

  it("a short history is forecast when asked for, and called short", () => {
    const forecast = made(forecastSeries([5, 6, 7], 3, USE_ALL));
    expect(forecast.notes).toContain("short-history");
    expect(forecast.points.every(({ lo80, hi80 }) => hi80 > lo80)).toBe(true);
  });

  it("a constant series stays as it is", () => {
    const { points, notes } = made(
      forecastSeries(
        series(60, () => 4),
        5,
        { period: PERIOD },
      ),
    );
    expect(notes).toContain("constant");
    for (const { point } of points) expect(point).toBeCloseTo(4, 9);
  });

  it("a season that was not seen twice is left out and told", () => {
    const { notes } = made(forecastSeries(series(60, weekday), 5, { period: PERIOD, morePeriods: [365] }));
    expect(notes).toContain("season-not-seen-twice");
  });

  it("beyond what was tested the intervals grow", () => {
    const { points } = made(
      forecastSeries(
        series(60, (day) => weekday(day) + 5 * noise(day)),
        90,
        { period: PERIOD },
      ),
    );
    const widthAt = (step: number): number => {
      const found = points[step - 1];
      return found === undefined ? 0 : found.hi80 - found.point;
    };
    expect(widthAt(90)).toBeGreaterThan(widthAt(15));
  });

  it("refuses what is no number, no horizon and no period", () => {
    const history = series(30, weekday);
    const options = { period: PERIOD };
    expect(() => forecastSeries([...history, Number.POSITIVE_INFINITY], 7, options)).toThrow(RangeError);
    expect(() => forecastSeries(history, 0, options)).toThrow(RangeError);
    expect(() => forecastSeries(history, 1e6, options)).toThrow(RangeError);
    expect(() => forecastSeries(history, 7, { period: 0 })).toThrow(RangeError);
  });
});
