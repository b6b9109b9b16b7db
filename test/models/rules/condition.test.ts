import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCondition, parseCondition } from "../../../models/rules/condition.ts";
import { type MetricValues, RULE_METRIC_NAMES } from "../../../models/rules/metrics.ts";
import { metricValues } from "./metric-values.ts";

const metrics = metricValues;
const NOTHING_KNOWN = metrics({});

function evaluate(text: string, values: MetricValues) {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.condition.evaluate(values);
}

describe("a condition", () => {
  it.each([
    "daily_spend > target_spend * 1.2",
    "cache_hit_rate < 0.3",
    "user_satisfaction < 4.0",
    "response_time_ms > 5000",
    "daily_spend * 2 == 4 && (users_online >= 10 || !(error_rate > 0.5))",
    "hourly_spend > 10 ? error_rate > 0.1 : false",
  ])("%s is accepted", (text) => {
    expect(checkCondition(text)).toBeNull();
  });

  it.each([
    ["dayly_spend > 1", /Unknown variable: dayly_spend; a condition may use: daily_spend/],
    ["constructor > 1", /Unknown variable/],
    ["daily_spend", /must be true or false, but is a double/],
    ["daily_spend >", /Unexpected token/],
    ["daily_spend == 'much'", /no such overload/],
    ["process.exit(1)", /./],
    [`daily_spend > 1${" || daily_spend > 1".repeat(200)}`, /./],
    ["(".repeat(100), /./],
  ])("%s is refused with what is wrong", (text, problem) => {
    expect(checkCondition(text)).toMatch(problem);
  });

  it("never throws, whatever it is given", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        const problem = checkCondition(text);
        return problem === null || problem.length > 0;
      }),
    );
  });

  it("compares with whole numbers as with fractions", () => {
    expect(evaluate("daily_spend > target_spend * 2", metrics({ daily_spend: 5, target_spend: 2 }))).toEqual({
      known: true,
      holds: true,
    });
    for (const text of [
      "10 / daily_spend == 2",
      "3 - daily_spend == -2",
      "daily_spend - 3 == 2",
      "2 * daily_spend != 11",
    ]) {
      expect([text, evaluate(text, metrics({ daily_spend: 5 }))]).toEqual([
        text,
        { known: true, holds: true },
      ]);
    }
  });

  it("is unknown, and neither true nor false, while a metric that it reads is unknown", () => {
    for (const metric of RULE_METRIC_NAMES) {
      for (const text of [`${metric} < 1000000.0`, `${metric} >= 0.0`, `1.0 > 0.5 || ${metric} > 1.0`]) {
        expect(evaluate(text, NOTHING_KNOWN)).toEqual({ known: false, metric });
      }
    }
  });

  it("that cannot be computed is an error, and no decision", () => {
    expect(evaluate("1 / 0 > 1", NOTHING_KNOWN)).toEqual({ known: "error", message: expect.any(String) });
  });
});
