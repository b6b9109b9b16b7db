import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DirectiveEvent, directive, directiveHistory } from "../../../models/domain/directive.ts";
import { issue } from "../policy/issue.ts";

const by = { type: "admin", name: "ops" } as const;

function foldAll(events: readonly DirectiveEvent[]) {
  const history = directiveHistory();
  for (const event of events) history.apply(event);
  return history;
}

const pause = issue({ kind: "pause-non-premium", params: {} }, { issuedAt: 10, expiresAt: 100 });
const fallback = issue({ kind: "fallback-mode", params: {} }, { issuedAt: 5, expiresAt: 200 });
const budget = issue({ kind: "emergency-budget", params: { dailyUsd: 1 } }, { issuedAt: 5, expiresAt: 300 });
const revoked: DirectiveEvent = { type: "revoked", id: budget.id, by, reason: "over", ts: 50 };
const issued = (one: typeof pause): DirectiveEvent => ({ type: "issued", directive: one });
const events = [issued(pause), issued(fallback), issued(budget), revoked];

describe("the history of directives", () => {
  test("is the same in whatever order events come and however often", () => {
    const expected = foldAll(events);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.constantFrom(...events)),
        fc.nat(400),
        (shuffled, again, nowMs) => {
          const history = foldAll([...shuffled, ...again]);
          expect(history.active(nowMs)).toEqual(expected.active(nowMs));
          const byId = (one: { directive: { id: string } }) => one.directive.id;
          expect(history.all().sort((a, b) => (byId(a) < byId(b) ? -1 : 1))).toEqual(
            expected.all().sort((a, b) => (byId(a) < byId(b) ? -1 : 1)),
          );
        },
      ),
    );
  });

  test("ends a directive at its expiry to the millisecond, by itself", () => {
    const history = foldAll([issued(pause)]);
    expect(history.active(99)).toEqual([pause]);
    expect(history.active(100)).toEqual([]);
  });

  test("applies a revocation that came before its directive", () => {
    const history = foldAll([revoked, issued(budget)]);
    expect(history.active(60)).toEqual([]);
    expect(history.get(budget.id)?.revoked).toEqual({ ts: 50, by: "ops", reason: "over" });
  });

  test("says who revoked a directive first, however often it is revoked again", () => {
    const again: DirectiveEvent = { ...revoked, by: { type: "rule", name: "later" }, reason: "too", ts: 51 };
    for (const order of [
      [revoked, again],
      [again, revoked],
    ]) {
      expect(foldAll([issued(budget), ...order]).get(budget.id)?.revoked?.by).toBe("ops");
    }
  });

  test("lists what is in force from old to new", () => {
    expect(foldAll(events).active(20)).toEqual([fallback, pause]);
  });

  test("forgets what ended long ago, and nothing that is in force", () => {
    const history = foldAll(events);
    history.forgetEndedBefore(250);
    expect(history.all().map((one) => one.directive)).toEqual([budget]);
    expect(history.get(budget.id)?.revoked).not.toBeNull();
  });
});

test("a directive without an end, or with parameters that it does not know, is refused", () => {
  expect(directive.safeParse(pause).success).toBe(true);
  const { expiresAt: _, ...endless } = pause;
  expect(directive.safeParse(endless).success).toBe(false);
  expect(directive.safeParse({ ...pause, params: { forever: true } }).success).toBe(false);
  expect(directive.safeParse({ ...budget, params: { dailyUsd: -1 } }).success).toBe(false);
});
