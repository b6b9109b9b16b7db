import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../models/simulation/random.ts";
import { makePopulation, makeUserPicker, parseTierMix } from "../../../tools/replay/population.ts";
import { makePrompts } from "../../../tools/replay/prompts.ts";
import { ReplayError } from "../../../tools/replay/replay-error.ts";

test("tiers have their shares of the users, the first tier the busiest ones", () => {
  const users = makePopulation(1_000, parseTierMix("unlimited=5, premium=35, free=60"), seededRandom(1));
  const count = (tier: string) => users.filter((user) => user.tier === tier).length;
  expect([count("unlimited"), count("premium"), count("free")]).toEqual([50, 350, 600]);
  expect([users[0]?.id, users[0]?.tier, users[999]?.tier]).toEqual(["replay-1", "unlimited", "free"]);
});

test("every user is in a tier of the mix, whatever the mix and the number of users", () => {
  const shares = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), shares, (count, given) => {
      const mix = given.map((share, index) => ({ tier: `t${index}`, share }));
      const users = makePopulation(count, mix, seededRandom(1));
      expect(users).toHaveLength(count);
      expect(users.every(({ tier }) => mix.some((item) => item.tier === tier))).toBe(true);
    }),
  );
});

test("the picker names users of the population only, and the first more often than the last", () => {
  const pick = makeUserPicker(100, seededRandom(3));
  const counts = new Array<number>(100).fill(0);
  for (let draw = 0; draw < 20_000; draw += 1) {
    const user = pick();
    counts[user] = (counts[user] ?? Number.NaN) + 1;
  }
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000);
  expect(counts[0]).toBeGreaterThan(5 * (counts[99] ?? 0));
});

test.each(["", "free", "free=x", "free=0", "FREE=1", "free=1,,"])('the tier mix "%s" is refused', (mix) => {
  expect(() => parseTierMix(mix)).toThrow(ReplayError);
});

test("prompts are four characters a token, and different for each request", () => {
  const write = makePrompts();
  expect(write(374, "run-1")).toHaveLength(4 * 374);
  expect(write(50_000, "run-1")).toHaveLength(200_000);
  expect(write(374, "run-1")).not.toBe(write(374, "run-2"));
  expect(write(1, "run-10000")).not.toBe(write(1, "run-10001"));
});
