import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { buildReports } from "../../pipeline/reports/build-reports.ts";
import { currentRelease } from "../../pipeline/reports/releases.ts";
import {
  DESKTOP,
  openBrowser,
  openPage,
  openTab,
  PHONE,
  type WatchedPage,
} from "../browser/support/browser.ts";
import { ADMIN_TOKEN } from "../pipeline/test-control.ts";
import { type BuiltReports, startBuiltReports } from "./support/built-reports.ts";

let reports: BuiltReports;
let browser: Browser;
beforeAll(async () => {
  reports = await startBuiltReports();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await reports.close();
});

/** Charts: how many a page draws from the simulated past. */
const PAGES = [
  { path: "/", charts: 1 },
  { path: "/spend", charts: 5 },
  { path: "/users", charts: 8 },
  { path: "/providers", charts: 5 },
  { path: "/providers/gpt-4o", charts: 4 },
  { path: "/tiers", charts: 2 },
  { path: "/tiers/premium", charts: 3 },
  { path: "/business", charts: 4 },
  { path: "/automation", charts: 1 },
];
const SIZES = [DESKTOP, PHONE];
type Size = (typeof SIZES)[number];
const DRAWN_WITHIN_MS = 60_000;

/** Whether every chart has pixels of more than one colour; as text, because it runs in the browser. */
const drawnCharts = `(() => {
  const isDrawn = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let i = 0; i < data.length && seen.size < 3; i += 4) if (data[i + 3] > 0) seen.add(data[i] * 65536 + data[i + 1] * 256 + data[i + 2]);
    return seen.size >= 3;
  };
  return [...document.querySelectorAll("canvas")].filter(isDrawn).length;
})()`;

/** One visitor at a desk and one with a phone: what their browsers have kept need not come again. */
const visitors = new Map<Size, BrowserContext>();

async function visitor(viewport: Size): Promise<BrowserContext> {
  const known = visitors.get(viewport);
  if (known !== undefined) return known;
  const { url } = reports.control;
  const { context } = await openPage(browser, { origin: url, viewport });
  const signedIn = await context.request.post(`${url}/api/session`, { data: { token: ADMIN_TOKEN } });
  expect(signedIn.ok(), await signedIn.text()).toBe(true);
  visitors.set(viewport, context);
  return context;
}

async function open(path: string, viewport: Size = DESKTOP): Promise<WatchedPage> {
  const watched = await openTab(await visitor(viewport), reports.control.url);
  await watched.page.goto(`${reports.control.url}/reports${path}`);
  return watched;
}

const nullableNumber = z.number().nullable();

/** One row of numbers out of the views, as the reports' user sees them. */
async function ask(sql: string): Promise<number | null> {
  const [row] = await reports.pipeline.deps.warehouse.query({
    sql,
    row: z.object({ value: nullableNumber }),
  });
  return row?.value ?? null;
}

const usd = (value: number | null, digits = 2): string =>
  (value ?? Number.NaN).toLocaleString("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
const count = (value: number | null): string =>
  (value ?? Number.NaN).toLocaleString("en-US", { maximumFractionDigits: 0 });
const share = (value: number | null, digits: number): string =>
  `${((value ?? Number.NaN) * 100).toFixed(digits)}%`;

const TODAY = "(SELECT today FROM bi_overview)";
const MONTH = `day >= ${TODAY} - 30 AND day < ${TODAY}`;
const VALUES = [
  {
    path: "/",
    id: "spend",
    sql: `SELECT sum(cost) / 1e9 AS value FROM bi_spend_daily WHERE ${MONTH}`,
    shown: usd,
  },
  {
    path: "/",
    id: "mrr",
    sql: `SELECT argMax(mrr, day) / 1e9 AS value FROM bi_business_daily WHERE day < ${TODAY}`,
    shown: (value: number | null) => usd(value, 0),
  },
  {
    path: "/",
    id: "saved-share",
    sql: `SELECT 1 - sum(cost) / sum(baseline) AS value FROM bi_baseline_daily WHERE ${MONTH}`,
    shown: (value: number | null) => share(value, 0),
  },
  {
    path: "/spend",
    id: "month",
    sql: "SELECT sum(point) / 1e9 AS value FROM bi_forecasts WHERE measure = 'daily_spend' AND dimension = '' AND scenario = 'expected' AND horizon_days BETWEEN 1 AND 30",
    shown: usd,
  },
  {
    path: "/users",
    id: "active-30",
    sql: `SELECT argMax(active_30, day) AS value FROM bi_users_daily WHERE day < ${TODAY}`,
    shown: count,
  },
  {
    path: "/users",
    id: "churn",
    sql: `SELECT argMax(churn_rate, day) AS value FROM bi_users_daily WHERE day < ${TODAY}`,
    shown: (value: number | null) => share(value, 1),
  },
  {
    path: "/providers",
    id: "answers",
    sql: `SELECT sum(answers) AS value FROM bi_performance_providers WHERE ${MONTH}`,
    shown: count,
  },
  {
    path: "/providers/gpt-4o",
    id: "spend",
    sql: `SELECT sum(cost) / 1e9 AS value FROM bi_performance_providers WHERE provider = 'gpt-4o' AND ${MONTH}`,
    shown: usd,
  },
  {
    path: "/tiers/premium",
    id: "revenue",
    sql: `SELECT sum(revenue) / 1e9 AS value FROM bi_users_by_tier WHERE tier = 'premium' AND ${MONTH}`,
    shown: usd,
  },
  {
    path: "/business",
    id: "margin",
    sql: `SELECT argMax(gross_margin, day) AS value FROM bi_business_daily WHERE day < ${TODAY}`,
    shown: (value: number | null) => share(value, 1),
  },
  {
    path: "/automation",
    id: "kept",
    sql: "SELECT countIf(verdict = 'kept') AS value FROM bi_decisions",
    shown: count,
  },
];

async function expectValue(page: Page, { id, sql, shown }: (typeof VALUES)[number]): Promise<void> {
  const expected = shown(await ask(sql));
  expect(expected).not.toContain("NaN");
  await expect
    .poll(() => page.locator(`[data-testid=${id}]`).innerText(), { timeout: DRAWN_WITHIN_MS })
    .toBe(expected);
}

describe.each(SIZES)("at $width pixels", (size) => {
  it.each(PAGES)(
    "$path draws its charts, shows what the views say, and nothing on it is cut off, raw or from elsewhere",
    async ({ path, charts }) => {
      const { page, foreign, errors } = await open(path, size);
      await page.waitForFunction(`${drawnCharts} >= ${charts}`, undefined, { timeout: DRAWN_WITHIN_MS });
      expect(await page.locator("[data-testid=simulated]").innerText()).toContain("SIMULATED");
      const text = await page.locator("body").innerText();
      expect(text).not.toMatch(/NaN|undefined|Infinity|\[object|\d\.\d{5,}|\de[+-]?\d/);
      expect(text).not.toMatch(/Error|failed to/i);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(size.width);
      for (const one of VALUES.filter((value) => value.path === path)) await expectValue(page, one);
      expect({ foreign, errors }).toEqual({ foreign: [], errors: [] });
      await page.close();
    },
  );
});

it("the automation's page tells a decision with its prediction, effect and verdict", async () => {
  const { page } = await open("/automation");
  const row = page.getByRole("row").filter({ hasText: "spend was above its target" });
  await row.waitFor();
  const text = await row.innerText();
  for (const part of ["daily-spend-above-target", "-21.0%", "-18.7%", "kept"]) expect(text).toContain(part);
  await page.close();
});

it("there is a page for every tier and every provider, reached by a click", async () => {
  const { page } = await open("/tiers");
  await page.getByRole("row").filter({ hasText: "unlimited" }).click();
  await page.getByRole("heading", { level: 1, name: "unlimited" }).waitFor();
  await page.close();
  // Summary, spend, users, business, automation, two lists, three tiers, seven providers.
  expect(reports.release.pages).toBe(17);
});

it("a build that fails leaves the last good reports in force", async () => {
  const { options, release, pipeline } = reports;
  await pipeline.deps.warehouse.command("RENAME TABLE bi_overview TO bi_overview_gone");
  try {
    await expect(buildReports(options)).rejects.toThrow(/bi_overview/);
  } finally {
    await pipeline.deps.warehouse.command("RENAME TABLE bi_overview_gone TO bi_overview");
  }
  expect(await currentRelease(options.dataDir)).toEqual(release);
});
