import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { totalsOf } from "../../models/simulation/savings/arm-totals.ts";
import { requirementsOf } from "../../models/simulation/savings/requirements.ts";
import type { SeedSavings } from "../../models/simulation/savings/savings.ts";
import { renderSavings } from "../../tools/savings/render-savings.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SLOW_MS = 120_000;

/** The command as somebody types it. */
async function savings(...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const command = promisify(execFile)(
    process.execPath,
    ["--import", "@oxc-node/core/register", "tools/savings.ts", ...args],
    {
      cwd: ROOT,
      env: { PATH: process.env.PATH },
    },
  );
  return command.then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: unknown) => z.object({ stdout: z.string(), stderr: z.string(), code: z.number() }).parse(error),
  );
}

const SMALL = ["--users", "30", "--days", "2", "--warm-up", "1"];

const answer = z.object({
  days: z.number(),
  seeds: z.array(
    z.object({
      seed: z.number(),
      phases: z.array(
        z.object({
          phase: z.object({ name: z.string() }),
          saving: z.number(),
          totals: z.object({ counts: z.object({ cost: z.number() }) }),
        }),
      ),
      requirements: z.array(z.object({ what: z.string(), isMet: z.boolean() })),
    }),
  ),
});

describe("npm run savings", { timeout: SLOW_MS }, () => {
  it("answers programs in JSON, each phase of each seed, whose savings are those of its costs", async () => {
    const { stdout, code } = await savings(...SMALL, "--seeds", "3-4", "--json");
    expect(code).toBe(0);
    const { seeds } = answer.parse(JSON.parse(stdout));
    expect(seeds.map(({ seed }) => seed)).toEqual([3, 4]);
    for (const { phases, requirements } of seeds) {
      expect(phases.map(({ phase }) => phase.name[0])).toEqual(["b", "l", "1", "2", "3", "4"]);
      expect(requirements).toHaveLength(5);
      const baseline = phases[0]?.totals.counts.cost ?? 0;
      for (const { saving, totals } of phases)
        expect(saving).toBeCloseTo(1 - totals.counts.cost / baseline, 12);
    }
  });

  it("tries another catalog, and refuses one that is wrong", async () => {
    const strict = await savings(...SMALL, "--seeds", "1", "--set", "tiers.free.dailyRequests=0");
    expect(strict.stdout).toMatch(/4 automation .* [3-9]\d\.\d\d % +│ +0 │/);
    const wrong = await savings(...SMALL, "--set", "tiers.free.dailyRequests=many");
    expect([wrong.code, wrong.stdout]).toEqual([1, ""]);
    expect(wrong.stderr).toContain("tiers.free.dailyRequests");
  });

  it.each([
    ["--seeds", "5-"],
    ["--seeds", "1-1000"],
    ["--users", "5"],
    ["--days", "0"],
    ["--warm-up", "-1"],
  ])("refuses %s %s", async (...args) => {
    expect((await savings(...args)).code).toBe(1);
  });
});

describe("the table", () => {
  const counts = {
    requests: 1_000,
    answered: 999,
    failed: 1,
    denied: 0,
    paying: 1_000,
    payingDenied: 0,
    cached: 0,
    cacheable: 0,
    cost: 10e9,
    liked: 999 * 4.4,
    latencyMs: 900_000,
    passedLimits: 3,
  };
  const seed = (last: object, cost = 2.5e9, number = 9): SeedSavings => ({
    seed: number,
    phases: [
      { phase: { name: "baseline", expectedSaving: null }, totals: totalsOf(counts), saving: 0, acts: {} },
      {
        phase: { name: "4 automation", expectedSaving: 0.7 },
        totals: totalsOf({ ...counts, passedLimits: 0, cost, ...last }),
        saving: 1 - cost / counts.cost,
        acts: { "a-rule": { fired: 4, rolledBack: 1 } },
      },
    ],
  });
  const render = (...seeds: SeedSavings[]) =>
    renderSavings({ days: 30, warmUpDays: 28, users: 10, seeds, seconds: 1 });

  it("says what is met, and what has acted", () => {
    const text = render(seed({}));
    expect(text).not.toMatch(/missed/i);
    expect(text.match(/met by every seed/g)).toHaveLength(5);
    expect(text).toContain("seed 9: 4 automation: a-rule 4 (1)");
  });

  it.each([
    ["cost", seed({}, 4.1e9)],
    ["satisfaction", seed({ liked: 999 * 4.29 })],
    ["availability", seed({ answered: 998, liked: 998 * 4.4, failed: 2 })],
    ["limit", seed({ passedLimits: 1 })],
    ["denied", seed({ payingDenied: 10 })],
  ])("says that what is required is missed: %s", (what, one) => {
    const missed = requirementsOf(one.phases).filter(({ isMet }) => !isMet);
    expect(missed).toHaveLength(1);
    expect(missed[0]?.what).toContain(what);
    expect(render(one)).toMatch(new RegExp(`${what}.*: MISSED by seed 9`));
  });

  it("says what one seed misses and all together meet", () => {
    const text = render(seed({ payingDenied: 15 }), seed({}, 2.5e9, 10));
    expect(text).toContain("denied: MISSED by seed 9, met by all together");
    expect(text).toMatch(/all +│ baseline +│ +20\.00/);
    expect(text).toMatch(/4 automation +│ +5\.00 │ +75\.0 %.*│ +0\.75 %/);
  });

  it("says that an expectation is missed although what is required is met", () => {
    expect(render(seed({}, 3.5e9))).toContain("70 %: missed");
  });
});
