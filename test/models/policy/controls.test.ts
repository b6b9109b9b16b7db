import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nanoFromUsd } from "../../../models/domain/money.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { testCatalog } from "../../support/test-catalog.ts";
import { issue } from "./issue.ts";

const catalog = testCatalog();

describe("controls", () => {
  test("without directives are the catalog itself", () => {
    const controls = foldControls(catalog, []);
    expect(controls).toMatchObject({
      version: catalog.version,
      pauseNonPremium: null,
      fallbackMode: null,
      emergencyDailyBudget: null,
      globalRequestsPerMinute: null,
      userRequestsPerMinute: null,
      nextExpiryMs: null,
    });
    expect(controls.tiers).toBe(catalog.tiers);
    expect(controls.drained.size).toBe(0);
  });

  test("have a version that names the set of directives, not their order", () => {
    const pause = issue({ kind: "pause-non-premium", params: {} });
    const fallback = issue({ kind: "fallback-mode", params: {} });
    const { version } = foldControls(catalog, [pause, fallback]);
    expect(version).toMatch(/^0123456789ab\+[0-9a-f]{8}$/);
    expect(foldControls(catalog, [fallback, pause]).version).toBe(version);
    expect(foldControls(catalog, [fallback]).version).not.toBe(version);
  });

  test("take the tightest emergency budget and rate limits, whoever came last", () => {
    const tight = issue({ kind: "emergency-budget", params: { dailyUsd: 5 } }, { issuedAt: 1 });
    const loose = issue({ kind: "emergency-budget", params: { dailyUsd: 50 } }, { issuedAt: 2 });
    const user = issue({ kind: "rate-limit", params: { requestsPerMinute: 3, scope: "user" } });
    const global = issue({ kind: "rate-limit", params: { requestsPerMinute: 900, scope: "global" } });
    const controls = foldControls(catalog, [tight, loose, user, global]);
    expect(controls.emergencyDailyBudget).toEqual({ limit: nanoFromUsd(5), directive: tight });
    expect(controls.userRequestsPerMinute).toEqual({ limit: 3, directive: user });
    expect(controls.globalRequestsPerMinute).toEqual({ limit: 900, directive: global });
  });

  test("apply a tier limit to its tier alone, field by field the tightest; one alone may loosen the catalog", () => {
    const controls = foldControls(catalog, [
      issue({ kind: "tier-limit", params: { tier: "free", dailyRequests: -1, weeklyBudget: 3 } }),
      issue({ kind: "tier-limit", params: { tier: "free", weeklyBudget: 4 } }),
    ]);
    expect(controls.tiers.get("free")).toEqual({
      ...catalog.tiers.get("free"),
      dailyRequests: Number.POSITIVE_INFINITY,
      weeklyBudget: nanoFromUsd(3),
    });
    expect(controls.tiers.get("premium")).toEqual(catalog.tiers.get("premium"));
  });

  test("drain a provider by its newest directive", () => {
    const drain = (issuedAt: number, provider: string, action: "drain" | "enable") =>
      issue({ kind: "provider", params: { provider, action } }, { issuedAt });
    const active = [drain(1, "good", "drain"), drain(2, "good", "enable"), drain(3, "best", "drain")];
    expect([...foldControls(catalog, active).drained]).toEqual(["best"]);
  });

  test("say when the first directive ends", () => {
    const active = [900, 500, 700].map((expiresAt) =>
      issue({ kind: "pause-non-premium", params: {} }, { expiresAt }),
    );
    expect(foldControls(catalog, active).nextExpiryMs).toBe(500);
  });

  test("are the same in whatever order the directives come", () => {
    const active = [
      issue({ kind: "pause-non-premium", params: {} }, { issuedAt: 1 }),
      issue({ kind: "pause-non-premium", params: {} }, { issuedAt: 1 }),
      issue({ kind: "route", params: { prefer: ["good"], avoid: [] } }, { issuedAt: 1 }),
      issue({ kind: "route", params: { prefer: ["best"], avoid: [] } }, { issuedAt: 1 }),
      issue({ kind: "emergency-budget", params: { dailyUsd: 5 } }, { issuedAt: 2 }),
      issue({ kind: "emergency-budget", params: { dailyUsd: 5 } }, { issuedAt: 2 }),
      issue({ kind: "provider", params: { provider: "good", action: "drain" } }, { issuedAt: 3 }),
      issue({ kind: "provider", params: { provider: "good", action: "enable" } }, { issuedAt: 3 }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(active, { minLength: active.length }), (shuffled) => {
        expect(foldControls(catalog, shuffled)).toEqual(foldControls(catalog, active));
      }),
    );
  });
});
