import { beforeAll, describe, expect, it } from "vitest";
import { checkForecasts } from "../../../bench/years/check-forecasts.ts";
import { checkScenarios } from "../../../bench/years/check-scenarios.ts";
import { loadCatalog } from "../../../catalog.ts";
import { forecastFamily } from "../../../models/forecast/family.ts";
import { meanOf, sumOf } from "../../../models/forecast/sequence.ts";
import { simulate } from "../../../models/simulation/simulate.ts";
import { noise, series, weekday } from "./series.ts";

const DAYS = 365;

describe("scenarios of a year whose growth is known", () => {
  it.each([0.003, 0.006, 0.012, -0.004])("bracket what comes when it grows by %d a day", (growth) => {
    const valueAt = (day: number): number =>
      50 * weekday(day) * Math.exp(growth * day) * (1 + 0.02 * (noise(day) - 0.5));
    for (let origin = 120; origin + 30 <= DAYS; origin += 35) {
      const made = forecastFamily({ name: "spend", total: series(origin, valueAt), groups: [] }, 30, {
        period: 7,
      });
      if (made === null) throw new Error("there is history enough");
      const sum = (scenario: "pessimistic" | "conservative" | "optimistic"): number =>
        sumOf(made.scenarios[scenario].map(({ point }) => point));
      const truth = sumOf(series(30, (step) => valueAt(origin + step)));
      expect(Math.abs(made.growth - growth)).toBeLessThan(0.0005);
      expect(sum("pessimistic")).toBeLessThan(truth);
      expect(sum("optimistic")).toBeGreaterThan(truth);
      expect(Math.abs(sum("conservative") / truth - 1)).toBeLessThan(0.02);
    }
  });
});

describe("simulated populations' years, incidents left in", () => {
  const years: { spend: number[]; users: number[] }[] = [];

  beforeAll(async () => {
    const { catalog } = await loadCatalog("catalog.yaml");
    for (let seed = 1; seed <= 5; seed++) {
      const life = simulate({ seed, users: 300, days: DAYS, startDay: "2025-01-01", catalog });
      const days = Array.from({ length: DAYS }, () => life.next().value.truth);
      years.push({
        spend: days.map(({ cost }) => cost),
        users: days.map(({ activeUsers }) => activeUsers),
      });
    }
  }, 120_000);

  it("what came lies between pessimistic and optimistic, with the forecast's noise, about as often as its interval says", () => {
    const checks = years.map(({ spend, users }) => checkScenarios(spend, users));
    expect(meanOf(checks.map((one) => one.betweenWithNoise))).toBeGreaterThan(0.75);
    expect(meanOf(checks.map((one) => one.betweenWithNoise))).toBeLessThan(0.97);
    for (const { growthFitted, growthCame } of checks) {
      expect(Math.abs(growthFitted - growthCame)).toBeLessThan(0.003);
    }
  });

  it("the forecast of the next 30 days beats last week repeated and the straight line", () => {
    const checks = years.map(({ spend }) => checkForecasts(spend));
    const error = meanOf(checks.map(({ forecast }) => forecast));
    expect(error).toBeLessThan(meanOf(checks.map(({ seasonalNaive }) => seasonalNaive)));
    expect(error).toBeLessThan(meanOf(checks.map(({ straightLine }) => straightLine)));
  });
});
