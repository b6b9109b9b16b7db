import fc from "fast-check";
import { expect, it } from "vitest";
import { BREAKER_LIMITS, openBreaker } from "../../../gateway/health/breaker.ts";

const LIMITS = { ...BREAKER_LIMITS, minCalls: 4 };
const good = { bad: false, ms: 10 };
const bad = { bad: true, ms: 10 };

function open() {
  let nowMs = 0;
  const breaker = openBreaker(() => nowMs, LIMITS);
  return {
    breaker,
    pass: (ms: number) => {
      nowMs += ms;
    },
    call: (result: typeof good) => breaker.begin()?.end(result),
  };
}

it("opens when half of the last calls went badly, and not of too few", () => {
  const { breaker, call } = open();
  for (const result of [bad, bad, bad]) call(result);
  expect(breaker.state()).toBe("closed");
  call(good);
  expect(breaker.state()).toBe("open");
  expect(breaker.begin()).toBeNull();
});

it("forgets what is older than its window", () => {
  const { breaker, pass, call } = open();
  for (const result of [bad, bad, bad]) call(result);
  pass(LIMITS.windowMs + 1_000);
  for (const result of [good, good, bad]) call(result);
  expect(breaker.state()).toBe("closed");
});

it("lets one call try after a rest; when it goes well, all may call again", () => {
  const { breaker, pass, call } = open();
  for (let at = 0; at < 4; at++) call(bad);
  pass(LIMITS.firstRestMs);
  expect(breaker.state()).toBe("half-open");
  const probe = breaker.begin();
  expect(breaker.begin()).toBeNull();
  probe?.end(good);
  expect(breaker.state()).toBe("closed");
  call(bad);
  expect(breaker.state()).toBe("closed");
});

it("rests twice as long after each call that tried in vain, up to a limit", () => {
  const { breaker, pass, call } = open();
  for (let at = 0; at < 4; at++) call(bad);
  const rests: number[] = [];
  for (let at = 0; at < 6; at++) {
    let restMs = 0;
    for (; !breaker.isFree(); restMs += 1_000) pass(1_000);
    rests.push(restMs);
    breaker.begin()?.end(bad);
  }
  expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

it("is not kept open by a call that was given up, and counts one that hangs before it ends, once", () => {
  const { breaker, pass, call } = open();
  const hanging = [breaker.begin(), breaker.begin(), breaker.begin(), breaker.begin()];
  for (const one of hanging) one?.blame();
  expect(breaker.totals()).toMatchObject({ calls: 4, bad: 4 });
  for (const one of hanging) one?.end(good);
  expect(breaker.totals()).toMatchObject({ calls: 4, bad: 4 });
  pass(LIMITS.firstRestMs);
  breaker.begin()?.cancel();
  expect(breaker.isFree()).toBe(true);
  call(good);
  expect(breaker.state()).toBe("closed");
});

it("closes by itself when nobody tries for long", () => {
  const { breaker, pass, call } = open();
  for (let at = 0; at < 4; at++) call(bad);
  pass(LIMITS.firstRestMs + LIMITS.forgetAfterMs);
  expect(breaker.state()).toBe("closed");
});

it("never has more than one trying call under way, and always comes back once calls go well", () => {
  const step = fc.record({ ms: fc.nat(20_000), bad: fc.boolean(), end: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { breaker, pass, call } = open();
      const underWay: { end(result: typeof good): void }[] = [];
      for (const { ms, bad: isBad, end } of steps) {
        const wasClosed = breaker.state() === "closed";
        const begun = breaker.begin();
        if (begun !== null && !wasClosed) expect(breaker.begin()).toBeNull();
        if (begun !== null) underWay.push(begun);
        if (end) underWay.shift()?.end({ bad: isBad, ms: 1 });
        pass(ms);
      }
      for (const one of underWay) one.end(good);
      pass(LIMITS.lastRestMs);
      call(good);
      expect(breaker.state()).toBe("closed");
    }),
  );
});
