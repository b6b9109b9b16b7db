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

  const ten = "[1,2,3,4,5,6,7,8,9,10]";

  it.each([
    [`${ten}.all(a, ${ten}.all(b, ${ten}.all(c, ${ten}.all(d, ${ten}.all(e, a + b + c + d + e > 0)))))`],
    [`${ten}.map(a, ${ten}.map(b, ${ten}.map(c, ${ten}.map(d, ${ten})))).size() > 1`],
    [
      'cel.bind(a, "0123456789", cel.bind(b, a+a+a+a+a+a, cel.bind(c, b+b+b+b+b+b, cel.bind(d, c+c+c+c+c+c, ' +
        "cel.bind(e, d+d+d+d+d+d, cel.bind(f, e+e+e+e+e+e, f.size() > 3))))))",
    ],
  ])("is refused when it could take more steps than are allowed, as %s", (text) => {
    expect(checkCondition(text)).toMatch(/could take .* steps, at most 20000 steps are allowed/);
  });

  it.each([
    ["[daily_spend, hourly_spend].exists(x, x > 10.0)", true],
    ["[1.0, 2.0].all(a, [3.0, 4.0].exists(b, b > a + daily_spend))", false],
    ['("a" + "bc") . matches ( "^ab" ) && "matches".matches("matches") && !"x".matches("y")', true],
    ['{"a": [1, 2]}["a"][0] == 1 && int(daily_spend) % 7 in [1, 6]', true],
    ['string(daily_spend).split("0").join("x").size() == 2', true],
  ])("may use small lists, texts and patterns, as %s", (text, holds) => {
    const known = metrics({ daily_spend: 20, hourly_spend: 1 });
    expect(evaluate(text, known)).toEqual({ known: true, holds });
  });

  it("matches patterns in linear time, those that backtracking would never end, too", () => {
    const text = `"${"a".repeat(200)}!".matches("^(a+)+$") || "${"a".repeat(99)}".matches("(a|a)*b")`;
    expect(evaluate(text, NOTHING_KNOWN)).toEqual({ known: true, holds: false });
  });

  it("is refused for a pattern that is no regular expression of RE2, and is an error where only its evaluation shows that", () => {
    expect(checkCondition('"a".matches("a(b")')).toMatch(/"a\(b" is not a regular expression of RE2/);
    expect(checkCondition('"a".matches("(a)\\\\1")')).toMatch(/is not a regular expression of RE2/);
    expect(evaluate('"a".matches("a(" + "b")', NOTHING_KNOWN)).toMatchObject({ known: "error" });
  });
});
