import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forecastFamily } from "../../../models/forecast/family.ts";
import { reconcile } from "../../../models/forecast/reconcile.ts";
import {
  explainExpected,
  growthRate,
  type Scenario,
  scenarioPoints,
  scenarioRate,
} from "../../../models/forecast/scenario.ts";
import { sumInterval } from "../../../models/forecast/sum-interval.ts";
import { noise, series, weekday } from "./series.ts";

const point = (value: number, half: number) => ({
  step: 1,
  point: value,
  lo80: Math.max(0, value - half),
  hi80: value + half,
  lo95: Math.max(0, value - 2 * half),
  hi95: value + 2 * half,
});

describe("reconcile", () => {
  it("the parts of every group sum to the total, nothing is below zero, and intervals enclose their points", () => {
    const part = fc.tuple(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.double({ min: 0, max: 1e8, noNaN: true }),
    );
    const group = fc.array(part, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(part, fc.array(group, { minLength: 1, maxLength: 3 }), ([value, half], groups) => {
        const { total, groups: agreed } = reconcile(
          [point(value, half)],
          groups.map((parts) => ({ parts: parts.map(([v, h]) => [point(v, h)]) })),
          { nonNegative: true },
        );
        const whole = total[0]?.point ?? Number.NaN;
        for (const parts of agreed) {
          const sum = parts.reduce((all, [first]) => all + (first?.point ?? Number.NaN), 0);
          expect(Math.abs(sum - whole)).toBeLessThanOrEqual(1e-6 * Math.max(1, whole));
          for (const [first] of parts) {
            expect(first !== undefined && first.point >= 0).toBe(true);
            expect(first !== undefined && first.lo95 <= first.lo80 && first.hi80 <= first.hi95).toBe(true);
          }
        }
      }),
    );
  });

  it("what is sure moves less than what is not", () => {
    const { groups } = reconcile([point(100, 1)], [{ parts: [[point(40, 1)], [point(40, 10)]] }], {
      nonNegative: true,
    });
    const [sure, unsure] = groups[0] ?? [];
    expect((unsure?.[0]?.point ?? 0) - 40).toBeGreaterThan(10 * ((sure?.[0]?.point ?? 0) - 40));
  });
});

describe("forecastFamily", () => {
  const parts = [0.7, 0.3].map((share, index) =>
    series(120, (day) => weekday(day) * share * 1.005 ** day * (1 + 0.1 * noise(day + 1_000 * index))),
  );
  const total = series(120, (day) => parts.reduce((sum, values) => sum + (values[day] ?? 0), 0));
  const family = {
    name: "spend",
    total,
    groups: [parts.map((values, index) => ({ name: `part=${index}`, values }))],
  };
  const forecast = forecastFamily(family, 90, { period: 7 });

  it("the parts sum to the total on every day", () => {
    expect(forecast?.total.points).toHaveLength(90);
    for (const { step, point: value } of forecast?.total.points ?? []) {
      const sum = forecast?.groups[0]?.reduce(
        (all, part) => all + (part.forecast.points[step - 1]?.point ?? 0),
        0,
      );
      expect(sum).toBeCloseTo(value, 6);
    }
  });

  it("the optimistic scenario is above the conservative one, which is above the pessimistic one, and more so each week", () => {
    const { conservative = [], optimistic = [], pessimistic = [] } = forecast?.scenarios ?? {};
    for (const day of [6, 29, 89]) {
      expect(optimistic[day]?.point).toBeGreaterThan(conservative[day]?.point ?? 0);
      expect(conservative[day]?.point).toBeGreaterThan(pessimistic[day]?.point ?? 0);
    }
    expect(conservative[89]?.point).toBeGreaterThan(conservative[5]?.point ?? 0);
  });

  it("sums are given for a week, a month and a quarter", () => {
    expect(forecast?.sums.map(({ steps }) => steps)).toEqual([7, 30, 90]);
    for (const { point: sum, lo95, lo80, hi80, hi95 } of forecast?.sums ?? []) {
      expect(lo95 <= lo80 && lo80 <= sum && sum <= hi80 && hi80 <= hi95).toBe(true);
    }
  });

  it("is null without enough history", () => {
    expect(forecastFamily({ name: "x", total: [1, 2], groups: [] }, 7, { period: 7 })).toBeNull();
  });
});

describe("growth and scenarios", () => {
  it("scenarios are in the order of their names on every day, whatever the history", () => {
    const history = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 14, maxLength: 120 });
    const expected = Array.from({ length: 90 }, (_, index) => ({
      ...{ step: index + 1, point: 100, lo80: 90, hi80: 110, lo95: 80, hi95: 120 },
    }));
    fc.assert(
      fc.property(history, (values) => {
        const growth = growthRate(values, 7);
        const pointsOf = (scenario: Scenario): number[] =>
          scenarioPoints(values, expected, { rate: scenarioRate(growth, scenario), period: 7 }).map(
            ({ point }) => point,
          );
        const [less, now, more] = [pointsOf("pessimistic"), pointsOf("conservative"), pointsOf("optimistic")];
        now.forEach((point, day) => {
          expect(less[day]).toBeLessThanOrEqual(point);
          expect(more[day]).toBeGreaterThanOrEqual(point);
        });
      }),
    );
  });

  it("says at which horizons and why what is expected lies outside of the scenarios, and nothing where it lies between", () => {
    const scenarios = { pessimistic: 90, conservative: 100, optimistic: 120 };
    const between = { horizon: "the next 7 days", expected: 110, ...scenarios };
    expect(explainExpected([between])).toBe("");
    const below = { horizon: "the next 90 days", expected: 80, ...scenarios };
    expect(explainExpected([between, below])).toMatch(
      /^For the next 90 days the expected total is below the pessimistic one\. The scenarios carry today's growth on/,
    );
    const above = { horizon: "the next 30 days", expected: 121, ...scenarios };
    expect(explainExpected([above])).toContain(
      "the next 30 days the expected total is above the optimistic one",
    );
  });

  it("finds the rate that was put in, with weekdays and wild days around it", () => {
    const history = series(120, (day) => weekday(day) * 1.01 ** day * (day % 29 === 0 ? 3 : 1));
    expect(growthRate(history, 7)).toBeCloseTo(Math.log(1.01), 3);
    expect(growthRate([1, 2, 3], 7)).toBe(0);
  });

  it("optimistic is 50 % more growth, pessimistic 25 % less, also while it shrinks", () => {
    expect([scenarioRate(0.02, "optimistic"), scenarioRate(0.02, "pessimistic")]).toEqual([0.03, 0.015]);
    expect([scenarioRate(-0.02, "optimistic"), scenarioRate(-0.02, "pessimistic")]).toEqual([-0.01, -0.025]);
  });

  it("errors that go together widen a sum as much as they do", () => {
    const points = series(4, () => 0).map((_, step) => ({ ...point(10, 1), step: step + 1 }));
    const together = sumInterval(
      points,
      [
        [1, 1, 1, 1],
        [-1, -1, -1, -1],
      ],
      { steps: 4, floor: 0 },
    );
    const apart = sumInterval(
      points,
      [
        [1, -1, 1, -1],
        [-1, 1, -1, 1],
      ],
      { steps: 4, floor: 0 },
    );
    expect(together.hi80 - together.point).toBeGreaterThan(4);
    // Two past sums do not show that errors always cancel out.
    expect(apart.hi80 - apart.point).toBeLessThan((together.hi80 - together.point) * 0.85);
  });
});
