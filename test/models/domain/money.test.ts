import fc from "fast-check";
import { expect, test } from "vitest";
import { formatUsd, MAX_USD, nanoFromUsd, usdFromNano } from "../../../models/domain/money.ts";

test("dollars become whole nano-dollars, exactly for every amount of cents", () => {
  fc.assert(
    fc.property(fc.integer({ min: -MAX_USD * 100, max: MAX_USD * 100 }), (cents) => {
      expect(nanoFromUsd(cents / 100) - cents * 10_000_000).toBe(0);
    }),
  );
});

test("what no counter can hold is refused", () => {
  for (const usd of [MAX_USD + 1, -MAX_USD - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => nanoFromUsd(usd)).toThrow(RangeError);
  }
});

test("an amount survives the way to dollars and back", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e15, max: 1e15 }), (nano) => {
      expect(nanoFromUsd(usdFromNano(nano)) - nano).toBe(0);
    }),
  );
});

test("dollars are printed exactly, without trailing zeros or exponents", () => {
  expect([0, 1, 1_234_500, 1_000_000_000, 5e15, -500_000_000].map(formatUsd)).toEqual([
    "0",
    "0.000000001",
    "0.0012345",
    "1",
    "5000000",
    "-0.5",
  ]);
  fc.assert(
    fc.property(fc.maxSafeInteger(), (nano) => {
      const [whole = "", fraction = ""] = formatUsd(nano).split(".");
      expect(BigInt(whole + fraction.padEnd(9, "0"))).toBe(BigInt(nano));
    }),
  );
});
