import { describe, expect, it } from "vitest";
import { findBreakEven, HOLD_DAYS } from "../../../models/business/break-even.ts";
import { breakEvenOutlook } from "../../../models/business/break-even-outlook.ts";
import { tierFacts } from "../../../models/business/tier-facts.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const days = (count: number, value: (day: number) => number): number[] =>
  Array.from({ length: count }, (_, day) => value(day));

describe("break-even", () => {
  const costs = days(395, () => 100);

  it("is the first day on which revenue reaches the costs", () => {
    expect(findBreakEven({ revenue: days(395, (day) => day), costs })).toMatchObject({
      state: "expected",
      daysAhead: 101,
    });
  });

  it("does not count a day after which revenue falls below the costs again within 30 days", () => {
    const revenue = days(395, (day) => (day >= 10 && day < 10 + HOLD_DAYS - 1 ? 200 : day >= 200 ? 200 : 50));
    expect(findBreakEven({ revenue, costs })).toMatchObject({ state: "expected", daysAhead: 201 });
  });

  it("that is reached already says since when: the day after the last one on which revenue did not cover the costs", () => {
    const history = { revenue: days(100, (day) => (day < 63 ? 99 : 100)), costs: days(100, () => 100) };
    expect(findBreakEven({ revenue: days(395, () => 120), costs }, history)).toEqual({
      state: "reached",
      daysSince: 37,
      reason: "revenue has covered the costs for 37 days, and is forecast to go on so",
    });
  });

  it("that is as old as the history says that it may be older", () => {
    const history = { revenue: days(40, () => 120), costs: days(40, () => 100) };
    expect(findBreakEven({ revenue: days(395, () => 120), costs }, history)).toMatchObject({
      state: "reached",
      daysSince: 40,
      reason: expect.stringContaining("as long as there is history"),
    });
  });

  it("is not reached when the forecast falls below the costs again within 30 days", () => {
    const history = { revenue: days(40, () => 120), costs: days(40, () => 100) };
    const revenue = days(395, (day) => (day < 20 ? 120 : 80));
    expect(findBreakEven({ revenue, costs }, history)).toMatchObject({ state: "beyond" });
  });

  it("without history is not enough history, and nothing else", () => {
    expect(findBreakEven({ revenue: [], costs: [] })).toEqual({
      state: "unknown",
      reason: "not enough history",
    });
  });

  it("says why there is none within the forecast", () => {
    expect(findBreakEven({ revenue: days(395, () => 50), costs })).toMatchObject({
      state: "beyond",
      reason: expect.stringContaining("does not get smaller"),
    });
    expect(findBreakEven({ revenue: days(395, (day) => day / 10), costs })).toMatchObject({
      state: "beyond",
      reason: expect.stringContaining("not closed"),
    });
  });
});

it("an outlook without history is unknown, at both ends of its interval, too", () => {
  const nothing = { history: [], points: [] };
  const { expected, earliest, latest } = breakEvenOutlook({ revenue: nothing, costs: nothing, gap: [] });
  for (const one of [expected, earliest, latest]) expect(one.state).toBe("unknown");
});

it("where the forecasts never meet, the expected day is that of growth going on as now, and it says so", () => {
  const pointsOf = (level: number) =>
    days(395, () => level).map((point, index) => {
      return { step: index + 1, point, lo80: point - 1, hi80: point + 1, lo95: point - 2, hi95: point + 2 };
    });
  // Revenue grows by 1 % a day up to 100, costs stay at 200: ln 2 / 0.01 is 69 days.
  const revenue = { history: days(120, (day) => 100 * Math.exp(0.01 * (day - 119))), points: pointsOf(100) };
  const costs = { history: days(120, () => 200), points: pointsOf(200) };
  const { expected, earliest, latest } = breakEvenOutlook({ revenue, costs, gap: pointsOf(-100) });
  expect(expected).toMatchObject({
    state: "expected",
    reason: expect.stringContaining("go on growing as now"),
  });
  if (expected.state !== "expected" || earliest.state !== "expected") throw new Error("they meet");
  expect(Math.abs(expected.daysAhead - 69)).toBeLessThan(4);
  expect(earliest.daysAhead).toBeLessThanOrEqual(expected.daysAhead);
  expect(latest.state).toBe("beyond");
});

it("a tier's baseline is the most expensive provider that it may use", () => {
  expect(tierFacts(testCatalog(), 0)).toMatchObject([
    { tier: "free", monthlyPrice: 0, baselineProvider: "cheap" },
    {
      tier: "premium",
      monthlyPrice: 9_990_000_000,
      baselineProvider: "middle",
      baselineInput: 500_000,
      baselineOutput: 2_000_000,
    },
    { tier: "unlimited", monthlyPrice: 0, baselineProvider: "dear" },
  ]);
});
