import { describe, expect, it } from "vitest";
import {
  intervalScore,
  meanAbsoluteError,
  symmetricPercentageError,
} from "../../../models/forecast/accuracy.ts";
import { forecastPast, gradePast, planBacktest } from "../../../models/forecast/backtest.ts";
import { normalEquations } from "../../../models/forecast/least-squares.ts";
import { naive2 } from "../../../models/forecast/naive2.ts";
import { POOL } from "../../../models/forecast/pool.ts";
import { quantile } from "../../../models/forecast/quantile.ts";
import { decompose } from "../../../models/forecast/seasonal-decomposition.ts";
import { seasonalNaive } from "../../../models/forecast/seasonal-naive.ts";
import { noise, series, weekday } from "./series.ts";

const TASK = { horizon: 14, periods: [7] };

describe("each model of the pool", () => {
  it.each(POOL.map((model) => [model.name, model] as const))(
    "%s repeats a week that always was the same",
    (_, model) => {
      const forecast = model.forecast(series(140, weekday), TASK);
      expect(forecast).toHaveLength(14);
      for (const [step, value] of forecast.entries()) {
        // Medians over neighbours smooth a week of seven different days; the others come close.
        const tolerance = model.name === "seasonal-median-3" ? 10 : 2.5;
        expect(Math.abs(value - weekday(140 + step))).toBeLessThan(tolerance);
      }
    },
  );

  it.each(POOL.map((model) => [model.name, model] as const))(
    "%s takes two values, zeros and negative ones",
    (_, model) => {
      for (const history of [
        [1, 2],
        [0, 0, 0],
        [-5, 3, -2, 0, 1],
      ]) {
        const forecast = model.forecast(history, { horizon: 5, periods: [] });
        expect(forecast.every(Number.isFinite)).toBe(true);
      }
    },
  );
});

describe("the backtest", () => {
  it("never lets a model see what it has to forecast", () => {
    const history = series(60, (day) => day);
    const plan = planBacktest(60, { horizon: 7, periods: [7], count: 3, spacing: 1 });
    const spy = {
      name: "spy",
      forecast: (known: readonly number[], { horizon }: { horizon: number }) => {
        expect(known).toEqual(history.slice(0, known.length));
        return series(horizon, () => known.length);
      },
    };
    const past = forecastPast(spy, history, { plan, periods: [7] });
    expect(past.map(({ origin, forecast }) => [origin, forecast[0]])).toEqual([
      [53, 53],
      [46, 46],
      [39, 39],
    ]);
  });

  it("the seasonal naive model scores about one in its own unit", () => {
    const history = series(210, (day) => weekday(day) + 10 * noise(day));
    const plan = planBacktest(210, { horizon: 7, periods: [7], count: 20, spacing: 1 });
    const past = forecastPast(seasonalNaive, history, { plan, periods: [7] });
    const { mase } = gradePast("seasonal-naive", history, { past, period: 7 });
    expect(mase).toBeGreaterThan(0.85);
    expect(mase).toBeLessThan(1.15);
  });

  it("a history that is too short has no origin", () => {
    expect(planBacktest(10, { horizon: 7, periods: [7], count: 3, spacing: 1 }).origins).toEqual([]);
  });
});

describe("the parts that models are made of", () => {
  it("least squares finds the line that the points lie on, and shares weight between equal columns", () => {
    const equations = normalEquations(3);
    for (let x = 0; x < 10; x++) equations.add(Float64Array.of(x, x, 1), 3 * x + 5, 1);
    const [a = 0, b = 0, constant = 0] = equations.solve(1e-9);
    expect(a + b).toBeCloseTo(3, 5);
    expect(constant).toBeCloseTo(5, 4);
  });

  it("a season that was put in is taken out", () => {
    const { adjusted, seasonAt } = decompose(
      series(70, (day) => weekday(day) + 0.5 * day),
      [7],
      { decay: 1 },
    );
    for (let day = 7; day < 60; day++) {
      expect((adjusted[day + 1] ?? 0) - (adjusted[day] ?? 0)).toBeCloseTo(0.5, 0);
    }
    expect(seasonAt(1) - seasonAt(0)).toBeCloseTo(weekday(71) - weekday(70), 0);
  });

  it("naive 2 repeats a season where there is one, and the last value elsewhere", () => {
    const seasonal = naive2.forecast(series(70, weekday), TASK);
    for (const [step, value] of seasonal.entries()) expect(value).toBeCloseTo(weekday(70 + step), 6);
    expect(naive2.forecast([3, 9, 4], { horizon: 2, periods: [] })).toEqual([4, 4]);
  });

  it("quantiles are those of type 7", () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([5], 0.9)).toBe(5);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it("errors are measured as published", () => {
    expect(meanAbsoluteError([1, 2], [2, 4])).toBe(1.5);
    expect(symmetricPercentageError([100, 0], [50, 0])).toBeCloseTo(200 / 3 / 2, 9);
    const point = { step: 1, point: 0, lo80: 0, hi80: 0, lo95: 1, hi95: 3 };
    expect(intervalScore([4], [point])).toBe(2 + 40);
  });
});
