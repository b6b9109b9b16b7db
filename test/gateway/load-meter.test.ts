import { expect, test } from "vitest";
import { MAX_RECENT_USERS, openLoadMeter } from "../../gateway/load-meter.ts";

test("counts the requests and users of the last minute, and those whose request is not over", () => {
  let nowMs = 5_000;
  const meter = openLoadMeter(() => nowMs);
  meter.begin("long");
  for (let at = 0; at < 3; at++) meter.begin("ada")();
  meter.begin("bob")();
  expect(meter.load()).toEqual({ requestsPerMinute: 5, concurrentUsers: 3 });
  nowMs += 59_000;
  meter.begin("cem")();
  expect(meter.load()).toEqual({ requestsPerMinute: 6, concurrentUsers: 4 });
  nowMs += 1_000;
  expect(meter.load()).toEqual({ requestsPerMinute: 1, concurrentUsers: 2 });
  nowMs += 600_000;
  expect(meter.load()).toEqual({ requestsPerMinute: 0, concurrentUsers: 1 });
});

test("a user with several requests in work counts once, until the last one is over", () => {
  const meter = openLoadMeter(() => 0);
  const ends = [meter.begin("ada"), meter.begin("ada")];
  for (const end of ends) {
    expect(meter.load().concurrentUsers).toBe(1);
    end();
  }
  expect(meter.load().concurrentUsers).toBe(1);
});

test("remembers a bounded number of users", () => {
  const meter = openLoadMeter(() => 0);
  for (let at = 0; at < MAX_RECENT_USERS + 10; at++) meter.begin(`u${at}`)();
  expect(meter.load().concurrentUsers).toBe(MAX_RECENT_USERS);
});
