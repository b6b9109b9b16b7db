import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldControls } from "../../../models/policy/controls.ts";
import {
  gate,
  nextStage,
  STAGE_HYSTERESIS,
  STAGES,
  type Stage,
  safeguardRatio,
} from "../../../models/policy/safeguards.ts";
import { testCatalog } from "../../support/test-catalog.ts";
import { issue } from "./issue.ts";

const catalog = testCatalog();
const { safeguards } = catalog;
const USD = 1_000_000_000;

describe("the safeguard's stage", () => {
  test("follows the thresholds of the catalog upwards at once, several stages if need be", () => {
    const from = (stage: Stage, ratio: number) => nextStage(stage, ratio, safeguards);
    expect([0, 0.8999, 0.9, 0.95, 1, 1.5].map((ratio) => from("normal", ratio))).toEqual([
      "normal",
      "normal",
      "paused",
      "fallback",
      "stopped",
      "stopped",
    ]);
    expect(from("paused", 0.96)).toBe("fallback");
  });

  test("is left downwards only well below where it begins", () => {
    expect(nextStage("paused", 0.9 - STAGE_HYSTERESIS / 2, safeguards)).toBe("paused");
    expect(nextStage("paused", 0.87, safeguards)).toBe("normal");
    expect(nextStage("stopped", 0.985, safeguards)).toBe("stopped");
    expect(nextStage("stopped", 0.97, safeguards)).toBe("fallback");
    expect(nextStage("fallback", 0, safeguards)).toBe("normal");
  });

  test("never flickers: the same ratio again changes nothing", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STAGES),
        fc.double({ min: 0, max: 1.2, noNaN: true }),
        (stage, ratio) => {
          const next = nextStage(stage, ratio, safeguards);
          expect(nextStage(next, ratio, safeguards)).toBe(next);
        },
      ),
    );
  });

  test("looks at what is settled and in flight, against the nearer of the two limits", () => {
    const spend = (day: number, week: number) => ({
      day: { used: day * USD, reserved: 10 * USD },
      week: { used: week * USD, reserved: 0 },
    });
    expect(safeguardRatio(spend(90, 90), safeguards)).toBe(0.5);
    expect(safeguardRatio(spend(90, 900), safeguards)).toBe(0.9);
    const none = { day: { used: 0, reserved: 0 }, week: { used: 0, reserved: 0 } };
    expect(safeguardRatio(none, { ...safeguards, dailyBudget: foldedZero() })).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the gate", () => {
  const pause = issue({ kind: "pause-non-premium", params: {} });
  const pass = (tierName: string, stage: Stage, directives = [pause].slice(1)) => {
    const controls = foldControls(catalog, directives);
    const tier = controls.tiers.get(tierName) ?? catalog.defaultTier;
    return gate({ controls, tier, stage })?.code ?? null;
  };

  test("lets tiers that pay through until everything is stopped, the others only while all is normal", () => {
    expect(STAGES.map((stage) => pass("free", stage))).toEqual([
      null,
      "non_premium_paused",
      "non_premium_paused",
      "spending_stopped",
    ]);
    expect(STAGES.map((stage) => pass("premium", stage))).toEqual([null, null, null, "spending_stopped"]);
  });

  test("obeys a pause and says when it ends", () => {
    expect(pass("free", "normal", [pause])).toBe("non_premium_paused");
    expect(pass("premium", "normal", [pause])).toBeNull();
    const controls = foldControls(catalog, [pause]);
    expect(gate({ controls, tier: catalog.defaultTier, stage: "normal" })?.endsAtMs).toBe(pause.expiresAt);
    expect(gate({ controls, tier: catalog.defaultTier, stage: "stopped" })?.endsAtMs).toBeNull();
  });
});

function foldedZero() {
  return testCatalog({ safeguards: { dailyBudget: 0, weeklyBudget: 0 } }).safeguards.dailyBudget;
}
