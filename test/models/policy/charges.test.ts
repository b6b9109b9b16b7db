import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Charge, Scope } from "../../../models/domain/charge.ts";
import type { DirectiveInstruction } from "../../../models/domain/directive.ts";
import { type NanoUsd, nanoFromUsd } from "../../../models/domain/money.ts";
import { calendarWindow } from "../../../models/domain/window.ts";
import {
  actualAmounts,
  chargesFor,
  lifetimeSpendKey,
  safeguardKeys,
} from "../../../models/policy/charges.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { denialOf, dollars } from "../../../models/policy/denial.ts";
import { usageKeys, usageView } from "../../../models/policy/usage-view.ts";
import { testCatalog } from "../../support/test-catalog.ts";
import { issue } from "./issue.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 12, 30, 15);
const at = (grain: "minute" | "day" | "week" | "month") => calendarWindow(grain, NOW_MS, "UTC");
const windows = { minute: at("minute"), day: at("day"), week: at("week"), month: at("month") };
const catalog = testCatalog({
  routing: { highLoad: { requestsPerMinute: 1, concurrentUsers: 1, userRequestsPerMinute: 4 } },
});
const BOUND = nanoFromUsd(0.01);

function ask(
  instructions: readonly DirectiveInstruction[] = [],
  more: { hop?: number; highLoad?: boolean; userId?: string; tierName?: string; bound?: NanoUsd } = {},
) {
  const controls = foldControls(
    catalog,
    instructions.map((one) => issue(one, { expiresAt: NOW_MS + 90_500 })),
  );
  const tier = controls.tiers.get(more.tierName ?? "free") ?? catalog.defaultTier;
  const { hop = 0, highLoad = false, userId = "u42", bound = BOUND } = more;
  const charges = chargesFor({ controls, tier, userId, bound, hop, windows, highLoad });
  return { controls, tier, charges };
}

function chargeOf(charges: readonly Charge[], scope: Scope, unit: Charge["unit"]): Charge {
  const found = charges.find((one) => one.scope === scope && one.unit === unit);
  if (found === undefined) throw new Error(`no charge of ${scope} ${unit}`);
  return found;
}

describe("the charges of a call", () => {
  test("name their counters by scope, unit, window and user", () => {
    expect(ask().charges.map(({ key }) => key)).toEqual([
      "user-day:requests:2026-11-24:u42",
      "user-week:requests:2026-11-23:u42",
      "user-month:requests:2026-11:u42",
      "global-day:requests:2026-11-24:",
      "user-day:nano-usd:2026-11-24:u42",
      "user-week:nano-usd:2026-11-23:u42",
      "user-month:nano-usd:2026-11:u42",
      "global-day:nano-usd:2026-11-24:",
      "global-week:nano-usd:2026-11-23:",
      "global-lifetime:nano-usd:ever:",
    ]);
  });

  test("carry the limits of the tier and of the safeguards", () => {
    const { charges } = ask();
    const limit = (scope: Scope, unit: Charge["unit"]) => chargeOf(charges, scope, unit).limit;
    expect(limit("user-day", "requests")).toBe(10);
    expect(limit("user-week", "nano-usd")).toBe(nanoFromUsd(0.5));
    expect(limit("user-month", "nano-usd")).toBe(nanoFromUsd(2));
    expect(limit("global-day", "nano-usd")).toBe(nanoFromUsd(200));
    expect(limit("global-week", "nano-usd")).toBe(nanoFromUsd(1_000));
    expect(limit("user-day", "nano-usd")).toBe(Number.POSITIVE_INFINITY);
    expect(limit("global-day", "requests")).toBe(Number.POSITIVE_INFINITY);
    expect(chargeOf(ask([], { tierName: "unlimited" }).charges, "user-day", "requests").limit).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test("ask for one request and the bound of the money, until the window ends", () => {
    for (const charge of ask().charges) expect(charge.amount).toBe(charge.unit === "requests" ? 1 : BOUND);
    const day = chargeOf(ask().charges, "user-day", "requests");
    expect(day.windowEndsAtMs).toBe(Date.UTC(2026, 10, 25));
  });

  test("of a later provider are money only, so that one request is never counted twice", () => {
    const later = ask([], { hop: 1 }).charges;
    expect(later.every(({ unit }) => unit === "nano-usd")).toBe(true);
    expect(later).toEqual(ask().charges.filter(({ unit }) => unit === "nano-usd"));
  });

  test("limit the minute by the tightest of tier, directive and high load, and only when there is a limit", () => {
    const perMinute = (limit: number) =>
      [{ kind: "rate-limit", params: { requestsPerMinute: limit, scope: "user" } }] as const;
    expect(ask().charges.some(({ scope }) => scope === "user-minute")).toBe(false);
    const limit = (found: ReturnType<typeof ask>) => chargeOf(found.charges, "user-minute", "requests").limit;
    expect(limit(ask([], { highLoad: true }))).toBe(4);
    expect(limit(ask(perMinute(7)))).toBe(7);
    expect(limit(ask(perMinute(7), { highLoad: true }))).toBe(4);
    expect(limit(ask(perMinute(2), { highLoad: true }))).toBe(2);
  });

  test("limit everybody's minute and day by directives, the day never above the safeguard", () => {
    const global = ask([{ kind: "rate-limit", params: { requestsPerMinute: 60, scope: "global" } }]);
    expect(chargeOf(global.charges, "global-minute", "requests").limit).toBe(60);
    const day = (dailyUsd: number) =>
      chargeOf(ask([{ kind: "emergency-budget", params: { dailyUsd } }]).charges, "global-day", "nano-usd")
        .limit;
    expect(day(5)).toBe(nanoFromUsd(5));
    expect(day(500)).toBe(nanoFromUsd(200));
  });

  test("never share a counter between two users or two scopes, whatever the ids are", () => {
    const id = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(":", "u", "4", "-", "/") });
    fc.assert(
      fc.property(id, id, (a, b) => {
        const own = ask([], { userId: a }).charges.map(({ key }) => key);
        expect(new Set(own).size).toBe(own.length);
        if (a === b) return;
        const others = new Set(ask([], { userId: b }).charges.map(({ key }) => key));
        for (const { key, scope } of ask([], { userId: a }).charges) {
          expect(others.has(key)).toBe(scope.startsWith("global"));
        }
      }),
    );
  });

  test("come to the actual cost for money and stay one for requests", () => {
    const { charges } = ask();
    expect(actualAmounts(charges, 123)).toEqual(charges.map(({ unit }) => (unit === "requests" ? 1 : 123)));
  });

  test("are where the safeguards and the reconciliation read", () => {
    const keys = new Set(ask().charges.map(({ key }) => key));
    const { day, week } = safeguardKeys(windows);
    for (const key of [day, week, lifetimeSpendKey(), ...usageKeys("u42", windows)])
      expect(keys).toContain(key);
  });
});

describe("a denial", () => {
  const deny = (scope: Scope, unit: Charge["unit"], instructions: readonly DirectiveInstruction[] = []) => {
    const { controls, charges } = ask(instructions);
    return denialOf(chargeOf(charges, scope, unit), controls, NOW_MS);
  };

  test("says which budget is used up and when it resets, and means it", () => {
    expect(deny("user-week", "nano-usd")).toEqual({
      code: "weekly_budget_exceeded",
      message: "weekly budget of $0.50 is used up; resets 2026-11-30T00:00:00Z",
      retryAfterSeconds: (Date.UTC(2026, 10, 30) - NOW_MS) / 1000,
    });
    expect(deny("user-day", "requests")).toMatchObject({
      code: "daily_requests_exceeded",
      message: "daily limit of 10 requests is used up; resets 2026-11-25T00:00:00Z",
    });
    expect(deny("user-month", "nano-usd").code).toBe("monthly_budget_exceeded");
    expect(deny("global-day", "nano-usd").code).toBe("global_daily_budget_exceeded");
    expect(deny("global-week", "nano-usd").code).toBe("global_weekly_budget_exceeded");
  });

  test("by an emergency budget says so, and ends when the directive does", () => {
    const denial = deny("global-day", "nano-usd", [{ kind: "emergency-budget", params: { dailyUsd: 5 } }]);
    expect(denial).toMatchObject({ code: "emergency_budget_exceeded", retryAfterSeconds: 91 });
    expect(denial.message).toContain("emergency budget of $5.00");
    const loose = deny("global-day", "nano-usd", [{ kind: "emergency-budget", params: { dailyUsd: 500 } }]);
    expect(loose.code).toBe("global_daily_budget_exceeded");
  });

  test("by a rate ends with the minute", () => {
    const limited = [{ kind: "rate-limit", params: { requestsPerMinute: 1, scope: "user" } }] as const;
    expect(deny("user-minute", "requests", limited)).toEqual({
      code: "rate_limited",
      message: "limit a minute of 1 request is used up; resets 2026-11-24T12:31:00Z",
      retryAfterSeconds: 45,
    });
  });

  test("of a request that no reset could let through says what to do instead", () => {
    const { controls, charges } = ask([], { bound: nanoFromUsd(0.75) });
    const { message } = denialOf(chargeOf(charges, "user-week", "nano-usd"), controls, NOW_MS);
    expect(message).toBe(
      "this request could cost $0.75, more than the whole weekly budget of $0.50; ask for fewer tokens",
    );
  });

  test("never says to retry at once", () => {
    const { controls, charges } = ask();
    const day = chargeOf(charges, "user-day", "requests");
    expect(denialOf(day, controls, day.windowEndsAtMs).retryAfterSeconds).toBe(1);
  });

  test("prints money as people do", () => {
    expect([0, 500_000_000, 1_234_500, 20e9].map(dollars)).toEqual([
      "$0.00",
      "$0.50",
      "$0.0012345",
      "$20.00",
    ]);
  });
});

describe("the usage of a user", () => {
  const states = [3, 30, 300, nanoFromUsd(0.1), nanoFromUsd(0.2)].map((used) => ({ used, reserved: 1 }));

  test("shows requests by day and dollars by week and month, used apart from reserved", () => {
    const { tier } = ask();
    expect(usageView({ userId: "u42", tier, timezone: "UTC", windows, states })).toEqual({
      user: "u42",
      dailyRequestsUsed: 3,
      weeklyRequestsUsed: 30,
      monthlyRequestsUsed: 300,
      lastResetDate: "2026-11-24",
      tier: "free",
      timezone: "UTC",
      scopes: {
        day: {
          unit: "requests",
          used: 3,
          reserved: 1,
          limit: 10,
          requests: 3,
          resetsAt: "2026-11-25T00:00:00Z",
        },
        week: {
          unit: "usd",
          used: 0.1,
          reserved: 1e-9,
          limit: 0.5,
          requests: 30,
          resetsAt: "2026-11-30T00:00:00Z",
        },
        month: {
          unit: "usd",
          used: 0.2,
          reserved: 1e-9,
          limit: 2,
          requests: 300,
          resetsAt: "2026-12-01T00:00:00Z",
        },
      },
    });
  });

  test("has null where there is no limit", () => {
    const { tier } = ask([], { tierName: "unlimited" });
    const view = usageView({ userId: "u", tier, timezone: "UTC", windows, states });
    expect(view.scopes.day.limit).toBeNull();
  });
});
