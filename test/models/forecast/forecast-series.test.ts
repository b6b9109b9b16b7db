import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backtest } from "../../../models/forecast/backtest.ts";
import { forecastSeries } from "../../../models/forecast/forecast-series.ts";
import { quantile } from "../../../models/forecast/quantile.ts";
import { seasonalNaive } from "../../../models/forecast/seasonal-naive.ts";
import { trendSeasonal } from "../../../models/forecast/trend-seasonal.ts";

const PERIOD = 7;
const WEEK = [10, 12, 11, 13, 20, 30, 25];

function series(length: number, valueAt: (day: number) => number): number[] {
  return Array.from({ length }, (_, day) => valueAt(day));
}

const weekday = (day: number): number => WEEK[day % PERIOD] ?? 0;

/** Evenly spread over 0..1, the same on every run. */
function noise(day: number): number {
  const x = Math.sin(day * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

function forecastOf(history: readonly number[], horizon: number) {
  const result = forecastSeries(history, horizon, { period: PERIOD });
  if (result.kind !== "forecast") throw new Error("there is not enough history");
  return result;
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
    const { points } = forecastOf(series(28, weekday), 14);
    for (const { step, point, lo95, hi95 } of points) {
      expect(point).toBeCloseTo(weekday(27 + step), 6);
      expect(hi95 - lo95).toBeLessThan(1e-6);
    }
  });

  it("sees growth that the last week alone does not show", () => {
    const { model, points } = forecastOf(
      series(70, (day) => weekday(day) + day),
      7,
    );
    expect(model).toBe("trend-seasonal");
    for (const { step, point } of points) expect(point).toBeCloseTo(weekday(69 + step) + 69 + step, 6);
  });

  it("takes the model that was better on this very series", () => {
    const { model, backtests } = forecastOf(
      series(90, (day) => weekday(day) * (1 + 0.2 * noise(day))),
      7,
    );
    expect(backtests[0]?.model).toBe(model);
    const errors = backtests.map(({ meanAbsoluteError }) => meanAbsoluteError);
    expect(errors).toEqual(errors.toSorted((a, b) => a - b));
  });

  it("intervals hold about as much of what comes as they say", () => {
    const whole = series(400, (day) => weekday(day) * 10 + 50 * (noise(day) - 0.5));
    let inside80 = 0;
    let inside95 = 0;
    let count = 0;
    for (let origin = 120; origin + PERIOD <= whole.length; origin += 5) {
      for (const { step, lo80, hi80, lo95, hi95 } of forecastOf(whole.slice(0, origin), PERIOD).points) {
        const actual = whole[origin + step - 1] ?? 0;
        inside80 += actual >= lo80 && actual <= hi80 ? 1 : 0;
        inside95 += actual >= lo95 && actual <= hi95 ? 1 : 0;
        count += 1;
      }
    }
    expect(inside80 / count).toBeGreaterThan(0.7);
    expect(inside80 / count).toBeLessThan(0.9);
    expect(inside95 / count).toBeGreaterThan(0.88);
  });

  it("intervals enclose the point, the wider the narrower, and nothing is below zero", () => {
    const histories = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
      minLength: 21,
      maxLength: 80,
    });
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 90 }), (history, horizon) => {
        const { points } = forecastOf(history, horizon);
        expect(points).toHaveLength(horizon);
        for (const { point, lo80, hi80, lo95, hi95 } of points) {
          expect(Number.isFinite(point)).toBe(true);
          expect(0 <= lo95 && lo95 <= lo80 && lo80 <= point && point <= hi80 && hi80 <= hi95).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("beyond what was tested the intervals grow", () => {
    const { points } = forecastOf(
      series(35, (day) => weekday(day) + 5 * noise(day)),
      90,
    );
    const widthAt = (step: number) => {
      const found = points[step - 1];
      return found === undefined ? 0 : found.hi80 - found.point;
    };
    expect(widthAt(90)).toBeGreaterThan(widthAt(11));
  });

  it("refuses values that are no numbers", () => {
    const history = series(30, weekday);
    expect(() => forecastSeries([...history, Number.NaN], 7, { period: PERIOD })).toThrow(RangeError);
    expect(() => forecastSeries(history, 0, { period: PERIOD })).toThrow(RangeError);
    expect(() => forecastSeries(history, 1000, { period: PERIOD })).toThrow(RangeError);
  });
});

describe("the backtest", () => {
  it("never lets a model see what it has to forecast", () => {
    const history = series(60, (day) => day);
    const seen: number[] = [];
    const spy = {
      name: "spy",
      forecast: (known: readonly number[], horizon: number) => {
        seen.push(known.length);
        expect(known).toEqual(history.slice(0, known.length));
        return series(horizon, () => 0);
      },
    };
    const { errorsByStep } = backtest(spy, history, { horizon: 7, period: PERIOD });
    expect(errorsByStep[0]).toEqual(seen.map((origin) => history[origin]));
  });

  it("the seasonal naive model scores about one in its own unit", () => {
    const history = series(120, (day) => weekday(day) + 10 * noise(day));
    const { mase } = backtest(seasonalNaive, history, { horizon: 7, period: PERIOD });
    expect(mase).toBeGreaterThan(0.85);
    expect(mase).toBeLessThan(1.15);
  });
});

describe("the models", () => {
  it("the trend of a season is not continued for ever", () => {
    const points = trendSeasonal.forecast(
      series(56, (day) => day),
      90,
      PERIOD,
    );
    expect(points[27]).toBeCloseTo(56 + 27, 6);
    expect(points[89]).toBeLessThan(56 + 35);
  });

  it("quantiles are those of type 7", () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([5], 0.9)).toBe(5);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
