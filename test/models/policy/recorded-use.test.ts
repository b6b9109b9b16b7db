import fc from "fast-check";
import { expect, test } from "vitest";
import { nanoUsd } from "../../../models/domain/money.ts";
import { calendarWindow } from "../../../models/domain/window.ts";
import { actualAmounts, chargesFor } from "../../../models/policy/charges.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { recordedUse } from "../../../models/policy/recorded-use.ts";
import { testCatalog } from "../../support/test-catalog.ts";

const controls = foldControls(testCatalog(), []);

test("what an event says was used is what admission and settlement have counted, but for minutes", () => {
  const question = fc.record({
    tier: fc.constantFrom(...controls.tiers.values()),
    userId: fc.string({ minLength: 1, maxLength: 20 }),
    atMs: fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) }),
    cost: fc.integer({ min: 1, max: 1e12 }),
    propensity: fc.constantFrom(0, 0.02, 0.49, 0.5, 1),
    timezone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"),
  });
  fc.assert(
    fc.property(question, ({ tier, userId, atMs, cost, timezone, propensity }) => {
      const at = (grain: "minute" | "day" | "week" | "month") => calendarWindow(grain, atMs, timezone);
      const windows = { minute: at("minute"), day: at("day"), week: at("week"), month: at("month") };
      const explorationLimit = propensity > 0 && propensity < 0.5 ? 1e12 : undefined;
      const bound = nanoUsd.parse(cost);
      const charges = chargesFor({ controls, tier, userId, bound, hop: 0, windows, explorationLimit });
      const used = actualAmounts(charges, cost);
      const counted = charges
        .map(({ scope, unit, key, windowEndsAtMs }, index) => ({
          ...{ scope, unit, key, windowEndsAtMs },
          used: used[index],
        }))
        .filter(({ scope }) => !scope.endsWith("minute"));
      const recorded = recordedUse({ user_id: userId, outcome: "ok", cost, propensity }, windows);
      expect(new Set(recorded)).toEqual(new Set(counted));
    }),
  );
});

test("a denied request has used nothing, and a cached one a request and no money", () => {
  const windows = {
    minute: calendarWindow("minute", 0, "UTC"),
    day: calendarWindow("day", 0, "UTC"),
    week: calendarWindow("week", 0, "UTC"),
    month: calendarWindow("month", 0, "UTC"),
  };
  expect(recordedUse({ user_id: "u", outcome: "denied", cost: 0, propensity: 0 }, windows)).toEqual([]);
  const cached = recordedUse({ user_id: "u", outcome: "cached", cost: 0, propensity: 0 }, windows);
  expect(cached.map(({ key, used }) => [key, used])).toEqual([
    ["user-day:requests:1970-01-01:u", 1],
    ["user-week:requests:1969-12-29:u", 1],
    ["user-month:requests:1970-01:u", 1],
    ["global-day:requests:1970-01-01:", 1],
  ]);
});
