import { describe, expect, it } from "vitest";
import { blendTrend, medianSlope } from "../../../models/forecast/trend-blend.ts";
import { noise, series, weekday } from "./series.ts";

const STEPS = 30;
const flat = series(STEPS, () => 100);

describe("the trend that a forecast is drawn to", () => {
  it("draws a flat forecast most of the way to growth that has gone on", () => {
    const growth = (day: number): number => 10 * weekday(day) * 1.006 ** day * (1 + 0.05 * noise(day));
    const history = series(200, growth);
    const lastWeek = history.slice(-7);
    const stale = series(STEPS, (step) => lastWeek[step % 7] ?? 0);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const truth = sum(series(STEPS, (step) => growth(200 + step)));
    const missed = (values: readonly number[]): number => Math.abs(sum(values) - truth);
    expect(missed(blendTrend(history, stale, [7]))).toBeLessThan(0.5 * missed(stale));
  });

  it("does not believe a trend where trends have turned round again and again", () => {
    // Up for eleven weeks, down for eleven weeks: each trend has just ended.
    const wave = (day: number): number => {
      const place = day % 154;
      return 100 + 0.5 * (place < 77 ? place : 154 - place) + 4 * noise(day);
    };
    const history = series(154 * 5 + 77, wave);
    const pulled = blendTrend(history, flat, [7]);
    const believed = blendTrend(history.slice(-77), flat, [7]);
    const distance = (values: readonly number[]): number => Math.abs((values[STEPS - 1] ?? 0) - 100);
    expect(distance(pulled)).toBeLessThan(0.25 * distance(believed));
  });

  it("leaves a forecast of less than two seasons, without a season, or with little history as it is", () => {
    const history = series(200, (day) => 100 + day);
    expect(blendTrend(history, flat.slice(0, 13), [7])).toEqual(flat.slice(0, 13));
    expect(blendTrend(history, flat, [])).toEqual(flat);
    expect(blendTrend(history, flat, [7, 28])).toEqual(flat);
    expect(blendTrend(history.slice(-55), flat, [7])).toEqual(flat);
  });

  it("is not moved by an outage or a campaign of some days", () => {
    const usual = (day: number): number => 100 * 1.004 ** day;
    const hit = (day: number): number => usual(day) * (day >= 180 && day < 184 ? 3 : 1);
    const [plain, campaign] = [usual, hit].map((value) => medianSlope(series(200, value).slice(-77)));
    expect(Math.abs((campaign ?? 0) / (plain ?? 1) - 1)).toBeLessThan(0.1);
  });

  it("says nothing below zero of counts that fall, and finite numbers of negative and empty ones", () => {
    const falling = blendTrend(
      series(120, (day) => Math.max(0, 300 - 2.5 * day)),
      flat,
      [7],
    );
    expect(falling.every((value) => value >= 0)).toBe(true);
    for (const history of [series(120, () => 0), series(120, (day) => -50 + 10 * noise(day))]) {
      expect(blendTrend(history, flat, [7]).every(Number.isFinite)).toBe(true);
    }
  });
});
