import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { day, percent, usd } from "../../pipeline/panel/format.ts";
import type { GatewayTotals } from "../../pipeline/reconciliation.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../pipeline/test-control.ts";
import { startTestPipeline, type TestPipeline } from "../pipeline/test-pipeline.ts";
import { waitFor } from "../support/wait-for.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";
import {
  DESKTOP,
  openBrowser,
  openPage,
  openSection,
  PHONE,
  signIn,
  type WatchedPage,
} from "./support/browser.ts";
import { faultsOf } from "./support/faults.ts";
import { fillWithHistory } from "./support/history.ts";

const NANO = 1e9;
const number = z.number();

let pipeline: TestPipeline;
let control: TestControl;
let catalogProblems: { path: string; message: string }[] = [];
let browser: Browser;
let panel: WatchedPage;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  await fillWithHistory(pipeline, Date.now());
  const { warehouse } = pipeline.deps;
  control = await startTestControl({
    warehouse,
    gatewayTotals: async () => idleGateway(),
    catalogProblems: () => catalogProblems,
  });
  browser = await openBrowser();
  panel = await openPage(browser, { origin: control.url });
  await signIn(panel.page, control.url, ADMIN_TOKEN);
});
afterAll(async () => {
  await browser?.close();
  await control?.close();
  await pipeline?.close();
});

/** What a gateway tells that has counted nothing. */
function idleGateway(): GatewayTotals {
  const window = { used: 0, reserved: 0, limit: 200 * NANO, endsAtMs: Date.now() + 3_600_000 };
  return {
    ...{ events: 0, costNano: 0 },
    spend: { stage: "normal", day: window, week: window, dayAllows: window.limit },
  };
}

function rows<Row>(sql: string, row: z.ZodType<Row>): Promise<Row[]> {
  return pipeline.deps.warehouse.query({ sql, row });
}

async function one<Row>(sql: string, row: z.ZodType<Row>): Promise<Row> {
  const [found] = await rows(sql, row);
  if (found === undefined) throw new Error("no row");
  return found;
}

const card = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

describe("what is to come is shown as the warehouse has it", () => {
  test("the rest of today with its interval, the next month, and the day of break-even", async () => {
    await openSection(panel.page, "Forecasts");
    const rest = await one(
      "SELECT point, lo80, hi80 FROM forecasts FINAL WHERE series = 'rest_of_day_spend' ORDER BY made_at DESC LIMIT 1",
      z.object({ point: number, lo80: number, hi80: number }),
    );
    const figures = panel.page.getByRole("list", { name: "Outlook" });
    await figures.locator("[data-value=restOfToday]", { hasText: usd(rest.point / NANO) }).waitFor();
    await figures.getByText(`80 %: ${usd(rest.lo80 / NANO)} to ${usd(rest.hi80 / NANO)}`).waitFor();
    const month = await one(
      `SELECT sum(point) AS total FROM (SELECT point FROM forecasts FINAL
        WHERE series = 'daily_spend' AND scenario = 'expected' AND made_at = (SELECT max(made_at) FROM forecasts WHERE series = 'daily_spend')
        ORDER BY target_date LIMIT 30)`,
      z.object({ total: number }),
    );
    await figures.locator("[data-value=nextMonth]", { hasText: usd(month.total / NANO) }).waitFor();
    const when = await one(
      "SELECT state, toString(bi_break_even.day) AS day, reason FROM bi_break_even",
      z.object({ state: z.string(), day: z.string().nullable(), reason: z.string() }),
    );
    const since = when.state === "reached" ? "since " : "";
    const shown = when.day === null ? "not within 365 days" : `${since}${day(when.day)}`;
    await figures.locator("[data-value=breakEven]", { hasText: shown }).waitFor();
    await figures.getByText(when.reason.slice(1)).waitFor();
  });

  test("a break-even that is not foreseen is no date, and its interval says how it could come all the same", async () => {
    const reason = "the gap gets smaller, but is not closed within 365 days";
    await pipeline.deps.warehouse.insert("break_even", [
      { made_at: Date.now() + 1_000, day: null, earliest: "2027-03-01", latest: null, reason },
    ]);
    await panel.page.reload();
    await openSection(panel.page, "Forecasts");
    const figures = panel.page.getByRole("list", { name: "Outlook" });
    await figures.locator("[data-value=breakEven]", { hasText: "not within 365 days" }).waitFor();
    await figures.getByText("80 %: 1 Mar 2027 at best, at worst not within 365 days").waitFor();
  });

  test("a break-even that is reached says since when, and one without history says so and nothing else", async () => {
    const figure = async (row: object): Promise<string> => {
      await pipeline.deps.warehouse.insert("break_even", [row]);
      await panel.page.reload();
      await openSection(panel.page, "Forecasts");
      const item = panel.page.getByRole("list", { name: "Outlook" }).locator("li", { hasText: "Break-even" });
      await item.locator("[data-value=breakEven]", { hasText: /since|history/ }).waitFor();
      return ((await item.textContent()) ?? "").replaceAll(/\s+/g, " ").trim();
    };
    const none = { day: null, earliest: null, latest: null };
    const reached = {
      state: "reached",
      day: "2026-05-03",
      reason: "revenue has covered the costs for 206 days",
    };
    expect(await figure({ made_at: Date.now() + 2_000, ...none, ...reached })).toBe(
      "Break-evensince 3 May 2026Revenue has covered the costs for 206 days.",
    );
    const unknown = { state: "unknown", reason: "not enough history" };
    expect(await figure({ made_at: Date.now() + 3_000, ...none, ...unknown })).toBe(
      "Break-evennot enough history",
    );
  });

  test("past forecasts stand beside what came, with grades that a second reckoning gives, too", async () => {
    const graded = await rows(
      `SELECT days_ahead, forecast, lo80, hi80, actual FROM bi_forecast_grades
        WHERE series = 'daily_spend' AND days_ahead IN (1, 7)`,
      z.object({ days_ahead: number, forecast: number, lo80: number, hi80: number, actual: number }),
    );
    await openSection(panel.page, "Forecasts");
    const grades = card(panel.page, "Past forecasts, graded");
    for (const ahead of [1, 7]) {
      const days = graded.filter(({ days_ahead }) => days_ahead === ahead);
      expect(days.length).toBeGreaterThan(1);
      const missed = days.reduce((sum, { forecast, actual }) => sum + Math.abs(forecast - actual), 0);
      const came = days.reduce((sum, { actual }) => sum + actual, 0);
      const inside = days.filter(({ actual, lo80, hi80 }) => actual >= lo80 && actual <= hi80);
      const row = grades.locator(`[data-row="${ahead}"]`);
      await row.locator("[data-title=Days]", { hasText: String(days.length) }).waitFor();
      await row.locator('[data-title="Off by"]', { hasText: percent(missed / came) }).waitFor();
      await row
        .locator('[data-title="Inside 80 %"]', { hasText: percent(inside.length / days.length) })
        .waitFor();
    }
    await grades.locator("canvas").waitFor();
    await grades.getByLabel("Made").selectOption("30");
    await grades.getByText("Fewer than two days of such forecasts").waitFor();
  });

  test("each recommendation has its numbers, what it saves and how sure it is", async () => {
    const advised = await rows(
      "SELECT advice, confidence, saved_in_30_days FROM bi_recommendations",
      z.object({ advice: z.string(), confidence: number, saved_in_30_days: number.nullable() }),
    );
    expect(advised.length).toBeGreaterThan(0);
    await openSection(panel.page, "Forecasts");
    const found = card(panel.page, "Recommendations");
    await found.getByRole("row").nth(1).waitFor();
    const shown = await found.locator("tbody tr").allTextContents();
    expect(shown).toHaveLength(advised.length);
    advised.forEach(({ advice, confidence, saved_in_30_days: saved }, index) => {
      expect(shown[index]).toContain(advice);
      expect(shown[index]).toContain(percent(confidence));
      expect(shown[index]).toContain(saved === null ? "not about saving" : usd(saved / NANO));
    });
  });

  test("anomalies are told with what was, what was expected, and what explains them", async () => {
    const told = await rows(
      "SELECT metric, actual, expected, first_cause FROM bi_anomalies LIMIT 10",
      z.object({ metric: z.string(), actual: number, expected: number, first_cause: z.string() }),
    );
    expect(told.length).toBeGreaterThan(0);
    await openSection(panel.page, "Alerts");
    const found = card(panel.page, "Anomalies");
    await found.getByRole("row").nth(1).waitFor();
    const shown = (await found.locator("tbody tr").allTextContents()).sort();
    expect(shown).toHaveLength(told.length);
    for (const { metric, actual, expected, first_cause } of told.filter((one) => one.metric === "spend")) {
      const row = found.locator("tr", { hasText: usd(actual / NANO) });
      await row
        .getByText(usd(expected / NANO))
        .first()
        .waitFor();
      await row
        .getByText(first_cause.replace("=", " ").replaceAll("-", " ").split(" ").at(-1) ?? metric)
        .first()
        .waitFor();
    }
  });
});

describe("what cannot be read", () => {
  test("is said to be unknown, and never that there is nothing", async () => {
    const { page, context } = await openPage(browser, { origin: control.url });
    const refusal = { error: { message: "the warehouse does not answer", code: "unavailable" } };
    for (const path of ["recommendations", "anomalies", "forecasts", "metrics/business"]) {
      await page.route(new RegExp(`/api/${path}(\\?|$)`), (route) =>
        route.fulfill({ status: 503, json: refusal }),
      );
    }
    await signIn(page, control.url, ADMIN_TOKEN);
    await openSection(page, "Forecasts");
    const advice = card(page, "Recommendations");
    await advice.getByText("Not known: the warehouse does not answer").waitFor();
    expect(await advice.getByText("Nothing to change").count()).toBe(0);
    expect(await page.locator("[data-value=nextMonth]").count()).toBe(0);
    await openSection(page, "Alerts");
    const odd = card(page, "Anomalies");
    await odd.getByText("Not known: the warehouse does not answer").waitFor();
    expect(await odd.getByText("None:").count()).toBe(0);
    await context.close();
  });

  test("and what is on its way is not there yet, rather than nothing", async () => {
    const { page, context } = await openPage(browser, { origin: control.url });
    await page.route(/\/api\/(metrics\/performance|recommendations)/, () => undefined);
    await signIn(page, control.url, ADMIN_TOKEN);
    await openSection(page, "Providers");
    await page.getByRole("status", { name: "Loading" }).first().waitFor();
    expect(await page.getByText("No calls in this period").count()).toBe(0);
    await openSection(page, "Forecasts");
    await card(page, "Recommendations").getByRole("status", { name: "Loading" }).waitFor();
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  });

  test("stays as it was, marked as old, and comes back when it is asked for again", async () => {
    const { page, context } = await openPage(browser, { origin: control.url });
    await page.clock.install();
    await signIn(page, control.url, ADMIN_TOKEN);
    await openSection(page, "Forecasts");
    const advice = card(page, "Recommendations");
    await advice.getByRole("row").nth(1).waitFor();
    const before = await advice.locator("tbody").textContent();
    await page.route(/\/api\/recommendations$/, (route) => route.abort());
    await page.clock.fastForward("01:01");
    await advice.getByText("Not up to date").waitFor();
    expect(await advice.locator(".old tbody").textContent()).toBe(before);
    await page.unroute(/\/api\/recommendations$/);
    await advice.getByRole("button", { name: "Try again" }).click();
    await waitFor("the numbers as new", async () => (await advice.locator(".old").count()) === 0);
    await context.close();
  });
});

test.each([
  { colorScheme: "light", viewport: DESKTOP },
  { colorScheme: "dark", viewport: PHONE },
] as const)(
  "filled sections have no serious fault for who needs help to see ($colorScheme)",
  async (look) => {
    const watched = await openPage(browser, { origin: control.url, ...look });
    const { page } = watched;
    await signIn(page, control.url, ADMIN_TOKEN);
    for (const title of ["Now", "Alerts", "Forecasts", "Users", "Cache"]) {
      await openSection(page, title);
      await waitFor("the numbers", async () => (await page.locator(".skeleton").count()) === 0, 30_000);
      expect([title, await faultsOf(page)]).toEqual([title, []]);
    }
    expect(watched.errors).toEqual([]);
    expect(watched.foreign).toEqual([]);
    await watched.context.close();
  },
);

describe("what an operator must not take for something else", () => {
  test("an edit of the catalog that was refused is said on every page, and on Now with each error", async () => {
    catalogProblems = [{ path: "tiers.free.dailyRequests", message: "must be a whole number" }];
    await panel.page.reload();
    await openSection(panel.page, "Now");
    await panel.page.getByRole("banner").getByText("Catalog edit refused").waitFor();
    const errors = panel.page.getByRole("region", { name: "Refused catalog edit" });
    await errors.getByText("tiers.free.dailyRequests").waitFor();
    await errors.getByText("must be a whole number").waitFor();
    catalogProblems = [];
    await panel.page.reload();
    await panel.page.getByRole("banner").getByText("Safeguard normal").waitFor();
    expect(await panel.page.getByText("Catalog edit refused").count()).toBe(0);
  });

  test("fallback mode says who answers each tier", async () => {
    await openSection(panel.page, "Controls");
    const tiers = panel.page.getByRole("list", { name: "Fallback by tier" });
    await tiers.getByText("free: answered by cheap").waitFor();
    await tiers.getByText("unlimited: answered by dear").waitFor();
  });

  test("real and simulated money of today are two numbers", async () => {
    const now = Date.now();
    const event = { ts: now, user_id: "u", log_partition: "test-today", log_offset: 1 };
    await pipeline.deps.warehouse.insert("request_events", [
      { ...makeRequestEvent({ ...event, cost: 2 * NANO, source: "live" }), ...event },
      { ...makeRequestEvent({ ...event, cost: 3 * NANO, source: "simulated" }), ...event, log_offset: 2 },
    ]);
    await panel.page.reload();
    await openSection(panel.page, "Now");
    const { simulated, all } = await one(
      "SELECT simulated_daily_spend AS simulated, daily_spend AS all FROM bi_realtime",
      z.object({ simulated: number, all: number }),
    );
    await panel.page
      .locator("[data-value=simulatedDailySpend]", { hasText: usd(simulated / NANO) })
      .waitFor();
    await panel.page.locator("[data-value=dailySpend]", { hasText: usd((all - simulated) / NANO) }).waitFor();
  });
});
