import { describe, expect, it } from "vitest";
import { breakEven, HOLD_DAYS } from "../../../models/business/break-even.ts";
import { breakEvenOutlook } from "../../../models/business/break-even-outlook.ts";
import { tierFacts } from "../../../models/business/tier-facts.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const days = (count: number, value: (day: number) => number): number[] =>
  Array.from({ length: count }, (_, day) => value(day));

describe("break-even", () => {
  it("is the first day on which revenue reaches the costs", () => {
    const result = breakEven(
      days(395, (day) => day),
      days(395, () => 100),
    );
    expect(result).toMatchObject({ found: true, daysAhead: 101 });
  });

  it("does not count a day after which revenue falls below the costs again within 30 days", () => {
    const revenue = days(395, (day) => (day >= 10 && day < 10 + HOLD_DAYS - 1 ? 200 : day >= 200 ? 200 : 50));
    expect(
      breakEven(
        revenue,
        days(395, () => 100),
      ),
    ).toMatchObject({ found: true, daysAhead: 201 });
  });

  it("says why there is none", () => {
    const costs = days(395, () => 100);
    expect(breakEven([], [])).toMatchObject({ found: false, reason: expect.stringContaining("history") });
    expect(
      breakEven(
        days(395, () => 50),
        costs,
      ),
    ).toMatchObject({ reason: expect.stringContaining("does not get smaller") });
    expect(
      breakEven(
        days(395, (day) => day / 10),
        costs,
      ),
    ).toMatchObject({ reason: expect.stringContaining("not closed") });
  });
});

it("an outlook without history says so, at both ends of its interval, too", () => {
  const nothing = { history: [], points: [] };
  const { expected, earliest, latest } = breakEvenOutlook({ revenue: nothing, costs: nothing, gap: [] });
  for (const one of [expected, earliest, latest])
    expect(one).toMatchObject({ found: false, reason: expect.stringContaining("history") });
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
  expect(expected).toMatchObject({ found: true, reason: expect.stringContaining("go on growing as now") });
  if (!expected.found || !earliest.found) throw new Error("they meet");
  expect(Math.abs(expected.daysAhead - 69)).toBeLessThan(4);
  expect(earliest.daysAhead).toBeLessThanOrEqual(expected.daysAhead);
  expect(latest.found).toBe(false);
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
