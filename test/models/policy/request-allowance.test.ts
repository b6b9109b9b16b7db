import { expect, test } from "vitest";
import type { Charge } from "../../../models/domain/charge.ts";
import {
  allowanceCharges,
  durationText,
  requestAllowance,
} from "../../../models/policy/request-allowance.ts";

const charge = (limit: number, windowEndsAtMs: number, unit: Charge["unit"] = "requests"): Charge => ({
  scope: "user-day",
  unit,
  key: `${limit}`,
  amount: 1,
  limit,
  windowEndsAtMs,
});

test("the limit that is reached first is the one that is told", () => {
  const charges = [charge(10, 1), charge(100, 2)];
  const states = [
    { used: 3, reserved: 1 },
    { used: 97, reserved: 1 },
  ];
  expect(requestAllowance(charges, states)).toEqual({ limit: 100, remaining: 2, resetsAtMs: 2 });
});

test("what is above its limit has nothing left, and nothing is told when nothing limits", () => {
  expect(requestAllowance([charge(2, 1)], [{ used: 3, reserved: 0 }])?.remaining).toBe(0);
  expect(requestAllowance([], [])).toBeNull();
  expect(allowanceCharges([charge(Number.POSITIVE_INFINITY, 1), charge(5, 1, "nano-usd")])).toEqual([]);
});

test.each([
  [-5, "0ms"],
  [12, "12ms"],
  [1_000, "1s"],
  [59_001, "1m0s"],
  [360_000, "6m0s"],
  [61_230_000, "17h0m30s"],
])("%d ms are written as OpenAI writes them: %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
