import type { IntervalPoint } from "./interval.ts";
import { quantile } from "./quantile.ts";
import { decompose } from "./seasonal-decomposition.ts";
import { at, clamp, sequence } from "./sequence.ts";
import { medianSlope } from "./trend-blend.ts";

export const SCENARIOS = ["conservative", "optimistic", "pessimistic"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Days of history that the current growth is fitted to: eight weeks. */
const GROWTH_DAYS = 56;
/** The level from which a scenario starts is a median of that many days. */
const LEVEL_DAYS = 14;
const MIN_DAYS = 14;
/** Growth beyond this a day is not carried on: 3 % a day is 14 times as much in 90 days. */
const MAX_GROWTH = 0.03;
/** Added to zeros, as a share of the median, so that they have a logarithm. */
const SHIFT_SHARE = 0.05;

/**
 * The current growth rate a day, as a difference of logarithms (0.01 = about 1 % a day): the median of the slopes
 * between days, weekdays set apart. 0 where there is too little history.
 * Sen (1968), "Estimates of the regression coefficient based on Kendall's tau", JASA 63, p. 1381.
 */
export function growthRate(history: readonly number[], period: number): number {
  const recent = history.slice(-GROWTH_DAYS);
  if (recent.length < Math.max(MIN_DAYS, 2 * period)) return 0;
  const { logs } = logged(recent, period);
  return clamp(medianSlope(logs), -MAX_GROWTH, MAX_GROWTH);
}

/** Conservative: growth as it is now. Optimistic: 50 % higher. Pessimistic: 25 % lower; shrinking counts as lower than none. */
export function scenarioRate(growth: number, scenario: Scenario): number {
  switch (scenario) {
    case "conservative":
      return growth;
    case "optimistic":
      return growth + 0.5 * Math.abs(growth);
    case "pessimistic":
      return growth - 0.25 * Math.abs(growth);
  }
}

/**
 * What would come if growth went on at a rate: the level of the last two weeks, with its weekdays, growing from day to
 * day. The intervals are those of the expected forecast, as wide in proportion.
 */
export function scenarioPoints(
  history: readonly number[],
  expected: readonly IntervalPoint[],
  { rate, period }: { readonly rate: number; readonly period: number },
): IntervalPoint[] {
  const { logs, seasonAt, shift } = logged(history.slice(-GROWTH_DAYS), period);
  const lastDays = logs.slice(-LEVEL_DAYS);
  const middle = (lastDays.length + 1) / 2;
  const level = quantile(lastDays, 0.5);
  return expected.map((one, step) => {
    const point = Math.max(0, Math.exp(level + rate * (step + middle) + seasonAt(step)) - shift);
    const ratio = one.point > 0 ? point / one.point : 1;
    return {
      step: one.step,
      point,
      lo80: Math.max(0, point - (one.point - one.lo80) * ratio),
      hi80: point + (one.hi80 - one.point) * ratio,
      lo95: Math.max(0, point - (one.point - one.lo95) * ratio),
      hi95: point + (one.hi95 - one.point) * ratio,
    };
  });
}

export interface ScenarioTotals extends Readonly<Record<Scenario | "expected", number>> {
  /** "the next 30 days". */
  readonly horizon: string;
}

/**
 * Why the expected total of some horizon lies outside of the scenarios; empty where it lies between them. The scenarios themselves
 * are always in the order of their names, because they share level and weekdays and differ in growth alone.
 */
export function explainExpected(totals: readonly ScenarioTotals[]): string {
  const below = totals.filter(({ expected, pessimistic }) => expected < pessimistic);
  const above = totals.filter(({ expected, optimistic }) => expected > optimistic);
  const listed = (some: readonly ScenarioTotals[]) => some.map(({ horizon }) => horizon).join(" and ");
  const sentences = [
    ...(below.length === 0 ? [] : [`For ${listed(below)} the expected total is below the pessimistic one.`]),
    ...(above.length === 0 ? [] : [`For ${listed(above)} the expected total is above the optimistic one.`]),
  ];
  if (sentences.length === 0) return "";
  return `${sentences.join(" ")} The scenarios carry today's growth on from the level of the last two weeks; the expected forecast weighs models that were good on the past, which let growth fade.`;
}

function logged(
  recent: readonly number[],
  period: number,
): { logs: number[]; seasonAt(step: number): number; shift: number } {
  const isPositive = recent.every((value) => value > 0);
  const typical = quantile(recent.filter((value) => value > 0).concat(0), 0.5);
  const shift = isPositive ? 0 : Math.max(typical * SHIFT_SHARE, Number.EPSILON);
  const values = sequence(recent.length, (day) => Math.log(Math.max(0, at(recent, day)) + shift));
  const { adjusted, seasonAt } = decompose(values, period > 1 ? [period] : [], { decay: 0.9 });
  return { logs: adjusted, seasonAt, shift };
}
