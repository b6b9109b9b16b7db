import { describe, expect, it } from "vitest";
import { endByRevocation, findEnd, judgeTrial, ON_TRIAL } from "../../../models/rules/decision-state.ts";
import type { MeasuredEffect } from "../../../models/rules/measure-effect.ts";
import type { VerdictOfEffect } from "../../../models/rules/verify.ts";
import { issue } from "../policy/issue.ts";

const measured: MeasuredEffect = {
  requests: 100,
  controlled: false,
  costPerAnswerChangeShare: null,
  latencyChangeShare: null,
  satisfactionChange: null,
  deniedShareChange: null,
  failedShareChange: null,
  cachedShareChange: null,
  costBias: null,
};
const judged = (verdict: VerdictOfEffect["verdict"], goesOn = false) =>
  judgeTrial(ON_TRIAL, { verdict, measured, harms: ["answers are slower"] }, { goesOn, nowMs: 9 });
const directive = issue({ kind: "fallback-mode", params: {} }, { issuedAt: 0, expiresAt: 100 });

describe("the state of a decision", () => {
  it.each([
    ["admin", "revoked by the admin", "rolled-back"],
    ["admin", "holds for all users from now on", "rolled-back"],
    ["verification", "rolled back: answers are slower", "rolled-back"],
    ["verification", "holds for all users from now on", "widened"],
    ["learned-routing", "the routing has learned more", "replaced"],
  ])("follows from who revoked it and why: %s, %s", (by, reason, kind) => {
    expect(endByRevocation(ON_TRIAL, { by, reason, ts: 5 })).toEqual({ kind, by, reason, ts: 5 });
  });

  it("does not end by a revocation that came when its directive had expired", () => {
    const revoked = { by: "admin", reason: "late", ts: 100 };
    expect(findEnd({ directive, revoked })).toBeNull();
    expect(findEnd({ directive, revoked: { ...revoked, ts: 99 } })?.ts).toBe(99);
    expect(findEnd({ directive, revoked: null })).toBeNull();
  });

  it("ends by verification with its name, and is only kept where it does not go on", () => {
    expect(judged("rolled-back")).toEqual({
      kind: "rolled-back",
      by: "verification",
      reason: "rolled back: answers are slower",
      ts: 9,
    });
    expect([judged("widened"), judged("extended")]).toEqual([{ kind: "kept" }, { kind: "kept" }]);
    expect([judged("widened", true).kind, judged("extended", true).kind]).toEqual(["widened", "extended"]);
    expect(judged("undecided")).toBe(ON_TRIAL);
  });
});
