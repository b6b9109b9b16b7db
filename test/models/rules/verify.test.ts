import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { learnedBias } from "../../../models/rules/bias.ts";
import { CHAIN_START, findBreak, linkEntries } from "../../../models/rules/decision-chain.ts";
import type { SpanOutcome } from "../../../models/rules/measure-effect.ts";
import { judgeOutcome, type Verification } from "../../../models/rules/verify.ts";

/** A span of many alike requests, apart from what is given. */
function span(
  given: Partial<SpanOutcome> & { readonly each?: number; readonly ms?: number } = {},
): SpanOutcome {
  const { each = 1_000, ms = 500, requests = 400, denied = 0, failed = 0, ...rest } = given;
  const answered = requests - denied - failed;
  return {
    requests,
    denied,
    failed,
    tierRequests: requests,
    tierDenied: denied,
    answered,
    cached: 0,
    cost: answered * each,
    costSquares: answered * each * each * 1.5,
    timed: answered,
    latencyMs: answered * ms,
    latencySquares: answered * ms * ms * 1.2,
    raters: 0,
    starSum: 0,
    ...rest,
  };
}

/** A dearer, slower and worse answer, and more refusals. */
const FORESEEN = {
  requests: 400,
  costChange: 1,
  costChangeShare: 1,
  costBias: 0,
  latencyChangeMs: 1_000,
  satisfactionChange: -1,
  newlyDeniedShare: 0.4,
  premiumDeniedShare: 0,
  usersAffectedShare: 1,
  confidence: 1,
};

function judge(given: Partial<Verification>) {
  return judgeOutcome({
    before: span(),
    after: span(),
    control: null,
    predicted: null,
    purpose: "route",
    isOver: true,
    endsSoon: false,
    ...given,
  });
}

describe("the verdict on a directive", () => {
  it.each([
    ["more requests are refused", { after: span({ denied: 150 }) }],
    ["more requests fail", { after: span({ failed: 150 }) }],
    ["answers cost more", { after: span({ each: 2_000 }) }],
    ["answers are slower", { after: span({ ms: 1_500 }) }],
    [
      "users like the answers less",
      { before: span({ raters: 100, starSum: 440 }), after: span({ raters: 100, starSum: 340 }) },
    ],
  ])("rolls back as soon as %s, before its time is over", (harm, given) => {
    expect(judge({ ...given, isOver: false })).toMatchObject({ verdict: "rolled-back", harms: [harm] });
  });

  it("forgives what was foreseen", () => {
    expect(judge({ predicted: FORESEEN, after: span({ each: 2_000, ms: 1_500, denied: 150 }) }).verdict).toBe(
      "kept",
    );
  });

  it("takes what happened to the control group, too, for the hour of the day", () => {
    const evening = { before: span(), after: span({ each: 2_000, ms: 1_500 }) };
    expect(judge({ ...evening, control: evening })).toMatchObject({
      verdict: "widened",
      measured: { controlled: true, costPerAnswerChangeShare: 0, latencyChangeShare: 0 },
    });
    expect(judge({ ...evening, control: { before: span(), after: span() } }).verdict).toBe("rolled-back");
  });

  it("does not blame a directive that is there to refuse for refusing", () => {
    expect(judge({ purpose: "refuse", after: span({ denied: 150 }) }).verdict).toBe("kept");
  });

  it("judges what is there to serve more by how much less its tier is refused, not by what that costs", () => {
    const before = span({ denied: 20 });
    const admit = (after: SpanOutcome) => judge({ purpose: "admit", endsSoon: true, before, after });
    expect(admit(span({ each: 1_050 }))).toMatchObject({
      verdict: "extended",
      measured: { deniedShareChange: -0.05 },
    });
    expect(admit(span({ denied: 20, each: 500 })).verdict).toBe("kept");
    expect(admit(span({ denied: 150 }))).toMatchObject({ harms: ["more requests are refused"] });
    // It is not asked for the hour in which answers cost more, which begins at the same time.
    expect(admit(span({ each: 3_000 }))).toMatchObject({ verdict: "extended", harms: [] });
    // What other tiers are refused says nothing of it.
    const othersRefused = span({ denied: 150, tierRequests: 200, tierDenied: 0 });
    expect(admit(othersRefused)).toMatchObject({ verdict: "extended", harms: [] });
  });

  it("judges what is there to answer again by whether more is answered again", () => {
    const before = span({ cached: 40 });
    const keep = (after: SpanOutcome) => judge({ purpose: "cache", endsSoon: true, before, after });
    expect(keep(span({ cached: 48 })).verdict).toBe("extended");
    expect(keep(span({ cached: 40, each: 500 })).verdict).toBe("kept");
    expect(keep(span({ cached: 48, each: 3_000 }))).toMatchObject({ verdict: "extended", harms: [] });
  });

  it("holds a prediction against the cost of all requests, served or not", () => {
    const predicted = { ...FORESEEN, costChangeShare: 0.25 };
    const served = judge({ purpose: "admit", predicted, before: span({ denied: 80 }), after: span() });
    expect(served.measured.costBias).toBeCloseTo(0, 9);
    expect(served.measured.costPerAnswerChangeShare).toBeCloseTo(0, 9);
  });

  it("does not take chance for harm: few requests must differ by more than many", () => {
    const wild = (requests: number) => {
      const few = span({ requests, each: 1_500 });
      return { ...few, costSquares: few.costSquares * 5 };
    };
    expect(judge({ before: span({ requests: 40 }), after: wild(40) }).verdict).toBe("kept");
    expect(judge({ before: span({ requests: 40_000 }), after: wild(40_000) }).verdict).toBe("rolled-back");
  });

  it("says nothing of too few requests, extends what has helped and ends soon, and waits while it may", () => {
    expect(judge({ after: span({ requests: 5 }) }).verdict).toBe("inconclusive");
    expect(judge({ after: span({ each: 500 }), endsSoon: true }).verdict).toBe("extended");
    expect(judge({ after: span({ each: 500 }) }).verdict).toBe("kept");
    expect(judge({ isOver: false }).verdict).toBe("undecided");
  });
});

describe("what is learned of the predictions", () => {
  it("is nothing at first, and comes near the mean error with time", () => {
    expect(learnedBias([])).toBe(0);
    expect(learnedBias([0.2])).toBeCloseTo(0.05);
    expect(learnedBias(Array.from({ length: 57 }, () => 0.2))).toBeCloseTo(0.19);
  });

  it("never goes beyond the errors that were seen", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }), (errors) => {
        expect(Math.abs(learnedBias(errors))).toBeLessThanOrEqual(Math.max(...errors.map(Math.abs)));
      }),
    );
  });
});

describe("the history of decisions", () => {
  const hash = (text: string): string => {
    let sum = 7;
    for (const char of text) sum = (sum * 31 + char.charCodeAt(0)) % 2_147_483_647;
    return sum.toString(16).padStart(64, "0");
  };
  const entry = fc.record({
    ts: fc.nat(),
    decision_id: fc.uuid(),
    stage: fc.constantFrom("decided" as const, "verified" as const),
    document: fc.string(),
  });

  it("shows any entry that was changed, left out, added or moved", () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 2, maxLength: 20 }), fc.nat(), (entries, pick) => {
        const chain = linkEntries(CHAIN_START, entries, hash);
        expect(findBreak(chain, hash)).toBeNull();
        const at = pick % (chain.length - 1);
        const changed = chain.map((one, index) =>
          index === at ? { ...one, document: `${one.document}x` } : one,
        );
        expect(findBreak(changed, hash)).toBe(at + 1);
        expect(findBreak(chain.toSpliced(at, 1), hash)).toBe(at + 1);
      }),
    );
  });
});
