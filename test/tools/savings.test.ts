import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { requirementsOf } from "../../models/simulation/savings/requirements.ts";
import type { SeedSavings } from "../../models/simulation/savings/savings.ts";
import { renderSavings } from "../../tools/savings/render-savings.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SLOW_MS = 120_000;

/** The command as somebody types it. */
async function savings(...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const command = promisify(execFile)(process.execPath, ["--import", "tsx", "tools/savings.ts", ...args], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] },
  });
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
          totals: z.object({ cost: z.number() }),
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
      const baseline = phases[0]?.totals.cost ?? 0;
      for (const { saving, totals } of phases) expect(saving).toBeCloseTo(1 - totals.cost / baseline, 12);
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
  const totals = {
    requests: 100,
    cost: 10e9,
    satisfaction: 4.4,
    availability: 0.999,
    meanLatencyMs: 900,
    cached: 0,
    hitRate: 0,
    deniedShare: 0,
    payingDeniedShare: 0,
    passedLimits: 3,
  };
  const seed = (last: object, saving: number): SeedSavings => ({
    seed: 9,
    phases: [
      { phase: { name: "baseline", expectedSaving: null }, totals, saving: 0, acts: {} },
      {
        phase: { name: "4 automation", expectedSaving: 0.7 },
        totals: { ...totals, passedLimits: 0, ...last },
        saving,
        acts: { "a-rule": { fired: 4, rolledBack: 1 } },
      },
    ],
  });
  const render = (one: SeedSavings) =>
    renderSavings({ days: 30, warmUpDays: 28, users: 10, seeds: [one], seconds: 1 });

  it("says what is met, and what has acted", () => {
    const text = render(seed({}, 0.75));
    expect(text).not.toMatch(/missed/i);
    expect(text.match(/met by every seed/g)).toHaveLength(5);
    expect(text).toContain("seed 9: 4 automation: a-rule 4 (1)");
  });

  it.each([
    ["cost", seed({}, 0.59)],
    ["satisfaction", seed({ satisfaction: 4.29 }, 0.75)],
    ["availability", seed({ availability: 0.998 }, 0.75)],
    ["limit", seed({ passedLimits: 1 }, 0.75)],
    ["denied", seed({ payingDeniedShare: 0.01 }, 0.75)],
  ])("says that what is required is missed: %s", (what, one) => {
    const missed = requirementsOf(one).filter(({ isMet }) => !isMet);
    expect(missed).toHaveLength(1);
    expect(missed[0]?.what).toContain(what);
    expect(render(one)).toMatch(new RegExp(`${what}.*: MISSED by seed 9`));
  });

  it("says that an expectation is missed although what is required is met", () => {
    expect(render(seed({}, 0.65))).toContain("70 %: missed");
  });
});
