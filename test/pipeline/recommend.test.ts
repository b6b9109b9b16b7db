import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { costOf, priceAt } from "../../models/domain/price.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { recommend } from "../../pipeline/jobs/recommend.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import { testCatalog } from "./test-catalog.ts";
import { startTestControl } from "./test-control.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A Wednesday, noon. */
const NOW_MS = Math.floor(Date.now() / (7 * DAY_MS)) * 7 * DAY_MS - DAY_MS + DAY_MS / 2;
const USERS = 20;
const dayName = (inDays: number): string => new Date(NOW_MS + inDays * DAY_MS).toISOString().slice(0, 10);

const catalog = testCatalog();
const usage = { input: 900, cachedInput: 100, output: 300, reasoning: 0 };
const costAt = (provider: string): number => {
  const prices = catalog.providers.get(provider)?.prices ?? [];
  const price = priceAt(prices, NOW_MS);
  if (price === undefined) throw new Error(`${provider} has no price`);
  return costOf(usage, price);
};

/** Thirty days of a premium feature on the dearer of the tier's two providers; every fourth user runs into a limit once. */
function history(): RequestEvent[] {
  return Array.from({ length: 30 }, (_, index) => index + 1).flatMap((ago) =>
    Array.from({ length: USERS }, (_, user) =>
      makeRequestEvent({
        ts: NOW_MS - ago * DAY_MS + user * 60_000,
        user_id: `user-${user}`,
        tier: "premium",
        feature: "advice",
        provider: "middle",
        input_tokens: usage.input,
        cached_input_tokens: usage.cachedInput,
        output_tokens: usage.output,
        reasoning_tokens: 0,
        cost: costAt("middle"),
        ...(ago === 3 && user % 4 === 0
          ? { outcome: "denied", denial_reason: "daily_requests_exceeded", provider: "", cost: 0 }
          : {}),
      }),
    ),
  );
}

function forecastRow(series: string, inDays: number, point: number): object {
  const half = point * 0.1;
  return {
    run_id: "01a00000-0000-7000-8000-000000000001",
    made_at: NOW_MS - HOUR_MS,
    series,
    unit: series === "daily_spend" ? "nano-usd" : "requests",
    scenario: "expected",
    target_date: dayName(inDays),
    horizon_days: inDays + 1,
    point,
    lo80: point - half,
    hi80: point + half,
    lo95: point - 1.53 * half,
    hi95: point + 1.53 * half,
    model: "test",
  };
}

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  pipeline.useCatalog(catalog);
  await pipeline.store(history());
  const days = Array.from({ length: 40 }, (_, index) => index);
  await pipeline.deps.warehouse.insert(
    "forecasts",
    days.flatMap((inDays) => [
      forecastRow("daily_spend", inDays, (150 + 3 * inDays) * USD),
      forecastRow("daily_requests", inDays, 2 * USERS),
    ]),
  );
}, 120_000);
afterAll(() => pipeline.close());

describe("recommend", { timeout: 120_000 }, () => {
  it("says when limits will be hit, what a move saves at which quality, and which limits bind too often", async () => {
    expect(await recommend(pipeline.deps, NOW_MS)).toMatchObject({ notable: true });
    const control = await startTestControl({ ...pipeline.deps });
    const { body } = await control.call("GET", "/api/recommendations");
    await control.close();
    expect(body).toMatchObject({
      recommendations: expect.arrayContaining([
        expect.objectContaining({
          kind: "budget",
          subject: "daily-budget",
          advice: expect.stringContaining("in 17 days"),
          evidence: expect.objectContaining({ budget: 200, likelyIn: 17 }),
        }),
        // 150 + 3 x day: the second whole week costs more than 1,000.
        expect.objectContaining({ kind: "budget", subject: "weekly-budget" }),
        expect.objectContaining({
          kind: "tier",
          subject: "premium",
          advice: expect.stringContaining("25 %"),
        }),
      ]),
    });
    // The cheap one is two grades worse: no fair exchange.
    expect(JSON.stringify(body)).not.toContain("Move");
  });

  it("what a move saves is what the same calls would have cost elsewhere, with the growth that is forecast", async () => {
    const cheap = catalog.providers.get("cheap");
    if (cheap === undefined) throw new Error("the catalog has other providers");
    const better = {
      ...catalog,
      providers: new Map([...catalog.providers, ["cheap", { ...cheap, quality: 3.5 }]]),
    };
    pipeline.useCatalog(better);
    await recommend(pipeline.deps, NOW_MS + 1_000);
    const control = await startTestControl({ ...pipeline.deps });
    const { body } = await control.call("GET", "/api/recommendations");
    await control.close();
    const calls = 30 * USERS - USERS / 4;
    const growth = (30 * 2 * USERS) / (30 * USERS);
    const saved = calls * (costAt("middle") - costAt("cheap")) * 0.5 * growth;
    expect(body).toMatchObject({
      recommendations: expect.arrayContaining([
        expect.objectContaining({
          kind: "provider",
          subject: "advice",
          savedIn30Days: expect.closeTo(saved / USD, 6),
          evidence: expect.objectContaining({
            tier: "premium",
            from: "middle",
            to: "cheap",
            qualityChange: -0.5,
          }),
        }),
      ]),
    });
  });

  it("a run that has nothing to advise takes the place of the one before", async () => {
    await pipeline.clear("request_events", "arrivals", "forecasts");
    expect(await recommend(pipeline.deps, NOW_MS + 2_000)).toMatchObject({ againInMs: expect.any(Number) });
    const control = await startTestControl({ ...pipeline.deps });
    expect((await control.call("GET", "/api/recommendations")).body).toEqual({ recommendations: [] });
    await control.close();
  });
});
