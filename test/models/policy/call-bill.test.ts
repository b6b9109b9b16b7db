import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Price, TokenUsage } from "../../../models/domain/price.ts";
import { billCall, type CallReport } from "../../../models/policy/call-bill.ts";
import { boundCost } from "../../../models/policy/estimate.ts";

/** One and two micro-dollars a token: 100 tokens in and 50 out cost 200,000 nano-dollars, and a request 5,000. */
const price: Price = {
  rates: { input: 1_000_000, cachedInput: 500_000, output: 2_000_000 },
  longContext: [],
  perRequest: 5_000,
};
const tokens = { inputTokens: 100, outputTokens: 50 };
const BOUND = 205_000;
const reserve = { price, tokens, bound: boundCost(price, tokens) };
const used = (input: number, output: number): TokenUsage => ({ input, cachedInput: 0, output, reasoning: 0 });
const SMALL = used(10, 5);
const LARGE = used(1_000, 5);
const LIMIT = used(100, 50);

describe("a call is billed", () => {
  const cases: readonly (readonly [string, CallReport["end"], TokenUsage | null, number, TokenUsage])[] = [
    ["what it reported when it is complete", "complete", SMALL, 25_000, SMALL],
    ["what it reported when it is complete, also above its bound", "complete", LARGE, 1_015_000, LARGE],
    ["its bound when it is complete and has reported nothing", "complete", null, BOUND, LIMIT],
    ["its bound when it is unfinished and has reported less", "unfinished", SMALL, BOUND, LIMIT],
    [
      "what it has reported when it is unfinished and that is above its bound",
      "unfinished",
      LARGE,
      1_015_000,
      LARGE,
    ],
    ["its bound when it is unfinished and has reported nothing", "unfinished", null, BOUND, LIMIT],
    ["nothing when it was refused", "refused", null, 0, used(0, 0)],
    ["what it reported when it was refused all the same", "refused", SMALL, 25_000, SMALL],
  ];
  it.each(cases)("%s", (_what, end, reported, costNano, billed) => {
    expect(billCall({ end, reported }, reserve)).toEqual({ costNano, tokens: billed });
  });
});

test("no call that a provider has worked on is billed less than it has reported, nor less than its bound while it may go on", () => {
  const reported = fc.option(
    fc.record({ input: fc.nat(500), cachedInput: fc.nat(500), output: fc.nat(200), reasoning: fc.nat(200) }),
  );
  fc.assert(
    fc.property(fc.constantFrom("complete", "unfinished"), reported, (end, usage) => {
      const { costNano } = billCall({ end, reported: usage }, reserve);
      const least =
        usage === null
          ? BOUND
          : usage.input * 1_000 + usage.cachedInput * 500 + (usage.output + usage.reasoning) * 2_000 + 5_000;
      expect(costNano).toBeGreaterThanOrEqual(least);
      if (end === "unfinished") expect(costNano).toBeGreaterThanOrEqual(BOUND);
    }),
  );
});
