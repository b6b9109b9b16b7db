import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CALM_FOR_MS,
  CALM_SHARE,
  type Load,
  type LoadState,
  NORMAL_LOAD,
  nextLoad,
} from "../../../models/policy/high-load.ts";

const limits = { requestsPerMinute: 1000, concurrentUsers: 500, providers: [], userRequestsPerMinute: 10 };
const look = (state: LoadState, load: Partial<Load>, nowMs: number) =>
  nextLoad(state, { requestsPerMinute: 0, concurrentUsers: 0, ...load }, { limits, nowMs });

describe("high load", () => {
  test.each([
    ["1000 requests a minute", { requestsPerMinute: 1000 }],
    ["500 users at once", { concurrentUsers: 500 }],
  ])("begins at once with %s, and not with one less", (_what, load) => {
    expect(look(NORMAL_LOAD, load, 0).high).toBe(true);
    const less = Object.fromEntries(Object.entries(load).map(([name, value]) => [name, value - 1]));
    expect(look(NORMAL_LOAD, less, 0).high).toBe(false);
  });

  test("ends after a calm minute without a break", () => {
    const high = look(NORMAL_LOAD, { requestsPerMinute: 1200 }, 0);
    const calming = look(high, { requestsPerMinute: 799 }, 1_000);
    expect(calming.high).toBe(true);
    expect(look(calming, { requestsPerMinute: 10 }, 1_000 + CALM_FOR_MS - 1).high).toBe(true);
    expect(look(calming, { requestsPerMinute: 10 }, 1_000 + CALM_FOR_MS)).toEqual(NORMAL_LOAD);
    const disturbed = look(calming, { requestsPerMinute: 800 }, 50_000);
    expect(look(disturbed, { requestsPerMinute: 10 }, 1_000 + CALM_FOR_MS).high).toBe(true);
  });

  test("is never there without limits, and ends when an edit of the catalog takes them away", () => {
    const high = look(NORMAL_LOAD, { requestsPerMinute: 5000 }, 0);
    const load = { requestsPerMinute: 5000, concurrentUsers: 5000 };
    expect(nextLoad(high, load, { limits: null, nowMs: 1 })).toEqual(NORMAL_LOAD);
  });

  test("whatever comes: it is on at every look at or above a limit, and off only after a calm minute", () => {
    const looks = fc.array(fc.record({ rpm: fc.nat(1500), users: fc.nat(700), passMs: fc.nat(40_000) }));
    fc.assert(
      fc.property(looks, (steps) => {
        let state = NORMAL_LOAD;
        let nowMs = 0;
        let lastBusyMs = Number.NEGATIVE_INFINITY;
        for (const { rpm, users, passMs } of steps) {
          nowMs += passMs;
          const wasHigh = state.high;
          state = look(state, { requestsPerMinute: rpm, concurrentUsers: users }, nowMs);
          const share = Math.max(rpm / 1000, users / 500);
          if (share >= 1) expect(state.high).toBe(true);
          if (share >= CALM_SHARE) lastBusyMs = nowMs;
          if (wasHigh && !state.high) expect(nowMs - lastBusyMs).toBeGreaterThanOrEqual(CALM_FOR_MS);
          if (!wasHigh && state.high) expect(share).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});
