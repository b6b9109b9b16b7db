import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { CatalogError } from "../../catalog.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { simulate } from "../../models/simulation/simulate.ts";
import { firstDay } from "../../tools/simulate/run.ts";
import { changeCatalog, parseChange, WhatifError } from "../../tools/whatif/change-catalog.ts";
import { renderEffect } from "../../tools/whatif/render-effect.ts";
import { catalogDocument, testCatalog } from "../support/test-catalog.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DAYS = 5;
const LIMIT = 3;
const document = catalogDocument({ timezone: "UTC" });
const yaml = stringify(document);

let server: TestWarehouse;
let past: RequestEvent[];
let catalogFile: string;
beforeAll(async () => {
  server = await startTestWarehouse();
  catalogFile = join(server.directory, "catalog.yaml");
  await writeFile(catalogFile, yaml);
  const nowMs = Date.now();
  const startDay = firstDay(DAYS, nowMs, "UTC");
  const life = simulate({ seed: 5, users: 200, days: DAYS, startDay, catalog: testCatalog() });
  past = Array.from({ length: DAYS }, () => life.next().value.requests)
    .flat()
    .filter(({ ts }) => ts < nowMs);
  const rows = past.map((event, at) => ({ ...event, log_partition: "test", log_offset: at }));
  await server.warehouse.insert("request_events", rows);
});
afterAll(() => server.close());

/** The command as somebody types it. */
async function whatif(...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const env = { PATH: process.env.PATH, CATALOG_FILE: catalogFile, WAREHOUSE_URL: server.reportsUrl };
  const command = promisify(execFile)(
    process.execPath,
    ["--import", "@oxc-node/core/register", "tools/whatif.ts", ...args],
    {
      cwd: ROOT,
      env,
    },
  );
  return command.then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: unknown) => z.object({ stdout: z.string(), stderr: z.string(), code: z.number() }).parse(error),
  );
}

const answer = z.object({
  effect: z.object({
    recorded: z.object({ requests: z.number(), denied: z.number(), cost: z.number() }),
    proposed: z.object({ denied: z.number(), cost: z.number() }),
    newlyDenied: z.number(),
    premiumDeniedShare: z.number(),
    identity: z.number(),
  }),
});

describe("npm run whatif", () => {
  it("says of past requests what a lower limit would have refused and saved, and changes nothing", async () => {
    const { stdout } = await whatif("--set", `tiers.free.dailyRequests=${LIMIT}`, "--days", "30", "--json");
    const { effect } = answer.parse(JSON.parse(stdout));
    const over = new Set(past.filter(isOver(LIMIT)).map(({ event_id: id }) => id));
    const saved = past.filter(({ event_id: id }) => over.has(id)).reduce((sum, { cost }) => sum + cost, 0);
    expect(effect.recorded.requests).toBe(past.length);
    expect(over.size).toBeGreaterThan(50);
    expect(effect.newlyDenied).toBe(over.size);
    expect(effect.proposed.denied).toBe(effect.recorded.denied + over.size);
    expect(effect.recorded.cost - effect.proposed.cost).toBeCloseTo(saved, -4);
    expect(effect).toMatchObject({ premiumDeniedShare: 0, identity: 1 });
    const [stored] = await server.warehouse.query({
      sql: "SELECT count() AS rows FROM request_events FINAL",
      row: z.object({ rows: z.number() }),
    });
    expect(stored?.rows).toBe(past.length);
  });

  it("prints a table for people", async () => {
    const { stdout, code } = await whatif("--set", `tiers.free.dailyRequests=${LIMIT}`, "--days", "30");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^If tiers\.free\.dailyRequests=3 had held in the last 30 days/);
    expect(stdout).toMatch(/\ncost +\$[\d.,]+ +\$[\d.,]+ +-\$[\d.,]+ \(-[\d.]+ %\)\n/);
    expect(stdout).toMatch(/\nrequests refused +[\d,]+ +[\d,]+ +\+[\d,]+\n/);
    expect(stdout).not.toMatch(/NaN|undefined|null/);
  });

  it("refuses a mistyped name and says which there are", async () => {
    const { stdout, stderr, code } = await whatif("--set", "tiers.fre.dailyRequests=20");
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toContain('there is no "fre" in tiers; known: free, premium, unlimited');
  });
});

/** Whether a request of the free tier comes after the first ones of its user's day; refused ones count for nothing. */
function isOver(limit: number): (event: RequestEvent) => boolean {
  const asked = new Map<string, number>();
  return ({ tier, user_id: user, ts, outcome }) => {
    if (outcome === "denied") return false;
    const key = `${user} ${Math.floor(ts / 86_400_000)}`;
    const count = (asked.get(key) ?? 0) + 1;
    asked.set(key, count);
    return tier === "free" && count > limit;
  };
}

describe("a changed catalog", () => {
  it("has what was set, and all else as it was", () => {
    const changed = changeCatalog(yaml, [
      parseChange("tiers.free.dailyRequests=20"),
      parseChange("providers.best.price={inputPerMillion: 1, outputPerMillion: 2}"),
      parseChange("routing.fallbackProvider=cheap"),
    ]);
    const before = testCatalog();
    expect(changed.tiers.get("free")?.dailyRequests).toBe(20);
    expect(changed.tiers.get("premium")).toEqual(before.tiers.get("premium"));
    expect(changed.routing.fallbackProvider).toBe("cheap");
    expect(changed.providers.get("best")?.prices).not.toEqual(before.providers.get("best")?.prices);
  });

  it("is refused when it is wrong", () => {
    expect(() => parseChange("tiers.free")).toThrow("must look like tiers.free.dailyRequests=20");
    expect(() => changeCatalog(yaml, [parseChange("tiers.free.weeklyBudget=-1")])).toThrow(CatalogError);
    expect(() => changeCatalog(yaml, [parseChange("providers.bset.quality=1")])).toThrow(WhatifError);
  });
});

it("a change that rounds to nothing has no sign, and unknown numbers say so", () => {
  const totals = { requests: 10, denied: 0, cost: 0, meanLatencyMs: null, satisfaction: null };
  const text = renderEffect({
    changes: ["a=1"],
    days: 1,
    effect: {
      recorded: totals,
      proposed: totals,
      costChange: 0,
      paired: { cost: null, latencyMs: null, rating: null, payingDenied: null },
      costChangeShare: null,
      latencyChangeMs: -0.001,
      satisfactionChange: null,
      newlyDenied: 0,
      newlyAdmitted: 0,
      premiumDeniedShare: 0,
      users: 0,
      usersAffected: 0,
      identity: 1,
      confidence: 0.5,
    },
  });
  expect(text).toContain("unknown");
  expect(text).not.toMatch(/[-+]0 ms|NaN/);
});
