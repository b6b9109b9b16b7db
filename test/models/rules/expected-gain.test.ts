import { describe, expect, it } from "vitest";
import { judgeExpectedGain } from "../../../models/rules/expected-gain.ts";
import type { PairedChanges } from "../../../models/simulation/counterfactual.ts";
import { openPairedTally, type PairedChange } from "../../../models/simulation/paired-change.ts";

const NOTHING: PairedChanges = { cost: null, latencyMs: null, rating: null, payingDenied: null };
const pairs = (mean: number, error: number, of = 100): PairedChange => ({ mean, error, pairs: of });
const judge = (metrics: readonly string[], paired: Partial<PairedChanges>) =>
  judgeExpectedGain(Object.fromEntries(metrics.map((name) => [name, 1])), {
    paired: { ...NOTHING, ...paired },
  }).kind;

describe("a paired difference", () => {
  it("has the mean of the differences and the standard error of that mean", () => {
    const tally = openPairedTally();
    for (const change of [-1, -3, -2, -2]) tally.add(change);
    const result = tally.result();
    // Squares around the mean of -2: 1 + 1 + 0 + 0 = 2; variance 2 / 3; error sqrt(2 / 3 / 4).
    expect(result).toMatchObject({ mean: -2, pairs: 4 });
    expect(result?.error).toBeCloseTo(0.408248, 6);
  });

  it("tells nothing of a single request", () => {
    const tally = openPairedTally();
    tally.add(1);
    expect(tally.result()).toBeNull();
  });
});

describe("what a preview says of a rule's goal", () => {
  it("is a gain only when it lies above zero by 1.96 standard errors", () => {
    expect(judge(["daily_spend"], { cost: pairs(-0.002, 0.00102) })).toBe("gain");
    expect(judge(["daily_spend"], { cost: pairs(-0.002, 0.00103) })).toBe("no-gain");
    expect(judge(["daily_spend"], { cost: pairs(0.002, 0.0001) })).toBe("no-gain");
    expect(judge(["daily_spend"], { cost: pairs(0, 0) })).toBe("no-gain");
  });

  it("follows from the metrics: spend wants less cost, latency less of it, a rating more, refused payers fewer", () => {
    const better = { cost: pairs(-1, 0.1), latencyMs: pairs(-1, 0.1), payingDenied: pairs(-1, 0.1) };
    expect(judge(["hourly_spend"], { cost: better.cost })).toBe("gain");
    expect(judge(["response_time_ms"], { latencyMs: better.latencyMs })).toBe("gain");
    expect(judge(["paying_denied_share"], { payingDenied: better.payingDenied })).toBe("gain");
    expect(judge(["user_satisfaction"], { rating: pairs(1, 0.1) })).toBe("gain");
    expect(judge(["user_satisfaction"], { rating: pairs(-1, 0.1) })).toBe("no-gain");
    expect(judge(["requests_per_minute", "daily_budget"], { cost: pairs(1, 0.1) })).toBe("unknown");
  });

  it("is unknown with too few requests, and one goal of several is enough", () => {
    expect(judge(["daily_spend"], { cost: pairs(1, 0.1, 29) })).toBe("unknown");
    expect(judge(["daily_spend"], { cost: pairs(1, 0.1, 30) })).toBe("no-gain");
    expect(judge(["paying_denied_share"], { payingDenied: pairs(0, 0, 49) })).toBe("unknown");
    expect(judge(["daily_spend"], {})).toBe("unknown");
    const dearerAndBetter = { cost: pairs(1, 0.1), rating: pairs(1, 0.1) };
    expect(judge(["daily_spend", "user_satisfaction"], dearerAndBetter)).toBe("gain");
  });
});
