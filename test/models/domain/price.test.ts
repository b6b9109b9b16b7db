import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  costOf,
  NO_TOKENS,
  type Price,
  picoPerTokenFromUsdPerMillion,
  priceAt,
} from "../../../models/domain/price.ts";

const rates = (input: number, cachedInput: number, output: number) => ({ input, cachedInput, output });
const mini: Price = { rates: rates(150_000, 75_000, 600_000), longContext: [], perRequest: 0 };

describe("the cost of a call", () => {
  test("counts each bucket once, reasoning as output", () => {
    const usage = { input: 1_000, cachedInput: 2_000, output: 300, reasoning: 200 };
    expect(costOf(usage, mini)).toBe(150_000 + 150_000 + 300_000);
  });

  test("has the fee of the request even without a token", () => {
    expect(costOf(NO_TOKENS, { ...mini, perRequest: 5_000_000 })).toBe(5_000_000);
  });

  test("is rounded up to a whole nano-dollar, never down to nothing", () => {
    expect(costOf({ ...NO_TOKENS, input: 1 }, { ...mini, rates: rates(1, 1, 1) })).toBe(1);
    expect(costOf({ ...NO_TOKENS, input: 1_000 }, { ...mini, rates: rates(1, 1, 1) })).toBe(1);
    expect(costOf({ ...NO_TOKENS, input: 1_001 }, { ...mini, rates: rates(1, 1, 1) })).toBe(2);
  });

  test("takes the long-context rates for everything once the input, cached included, is longer", () => {
    const long: Price = {
      rates: rates(1_000, 500, 2_000),
      longContext: [
        { aboveInputTokens: 100, rates: rates(2_000, 1_000, 4_000) },
        { aboveInputTokens: 200, rates: rates(3_000, 1_500, 6_000) },
      ],
      perRequest: 0,
    };
    const cost = (input: number, cachedInput: number) =>
      costOf({ ...NO_TOKENS, input, cachedInput, output: 10 }, long);
    expect(cost(100, 0)).toBe(100 + 20);
    expect(cost(50, 51)).toBe(100 + 51 + 40);
    expect(cost(201, 0)).toBe(603 + 60);
  });

  test("is what whole numbers of any size give, to the nano-dollar", () => {
    const tokens = fc.nat(10_000_000);
    const rate = fc.nat(100_000_000);
    fc.assert(
      fc.property(tokens, tokens, tokens, fc.tuple(rate, rate, rate), (input, cachedInput, output, r) => {
        const price = { rates: rates(...r), longContext: [], perRequest: 0 };
        const pico =
          BigInt(input) * BigInt(r[0]) + BigInt(cachedInput) * BigInt(r[1]) + BigInt(output) * BigInt(r[2]);
        fc.pre(pico < 9_000_000_000_000_000n);
        const nano = (pico + 999n) / 1_000n;
        expect(BigInt(costOf({ input, cachedInput, output, reasoning: 0 }, price))).toBe(nano);
      }),
    );
  });
});

test("a price list's dollars a million become whole pico-dollars a token", () => {
  expect([0.0375, 0.15, 2.5, 10, 0].map(picoPerTokenFromUsdPerMillion)).toEqual([
    37_500, 150_000, 2_500_000, 1e7, 0,
  ]);
});

describe("a schedule of prices", () => {
  const later = { ...mini, perRequest: 1 };
  const schedule = [
    { fromMs: Number.NEGATIVE_INFINITY, price: mini },
    { fromMs: 1_000, price: later },
  ];

  test("holds each price from its moment on", () => {
    expect(priceAt(schedule, 999)).toBe(mini);
    expect(priceAt(schedule, 1_000)).toBe(later);
  });

  test("has no price when it is empty or has not begun: nothing is free by accident", () => {
    expect(priceAt([], 5)).toBeUndefined();
    expect(priceAt(schedule.slice(1), 999)).toBeUndefined();
  });
});
