import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startTestMachine, type TestMachine } from "../support/test-machine.ts";
import { waitFor } from "../support/wait-for.ts";
import { askGateway, fillWithRequests } from "./support/app.ts";
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

const MAX_SCRIPT_GZIP_BYTES = 150_000;
const SECTIONS = [
  "Now",
  "Controls",
  "Alerts",
  "Providers",
  "Users",
  "Automation",
  "Forecasts",
  "Cache",
  "Data",
  "Activity",
] as const;

let machine: TestMachine;
let browser: Browser;
let token: string;
let panel: WatchedPage;
beforeAll(async () => {
  machine = await startTestMachine();
  token = await readFile(join(machine.directory, "data", "admin-token"), "utf8");
  await fillWithRequests(machine);
  browser = await openBrowser();
  panel = await openPage(browser, { origin: machine.controlUrl });
  await signIn(panel.page, machine.controlUrl, token);
});
afterAll(async () => {
  await browser?.close();
  await machine?.close();
});

const apiAnswer = <Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.output<Shape>> =>
  machine.control("GET", path).then((answer) => shape.parse(answer));

describe("the sections show what the API answers", () => {
  const realtime = z.object({ requestsToday: z.number(), usersOnline: z.number(), dailySpend: z.number() });

  test("Now: spend, users and requests of today", async () => {
    await openSection(panel.page, "Now");
    const { requestsToday, usersOnline } = await apiAnswer("/api/metrics/realtime", realtime);
    expect(requestsToday).toBeGreaterThan(0);
    await panel.page.getByText(`${requestsToday} today`).waitFor();
    await panel.page.locator("[data-value=usersOnline]", { hasText: String(usersOnline) }).waitFor();
    await panel.page.locator("[data-value=dailySpend]", { hasText: "$" }).waitFor();
    await panel.page.getByText("limit $200.00").waitFor();
    await panel.page.locator(".chart canvas").waitFor();
  });

  test("Providers: one row each, with the calls of today", async () => {
    const shape = z.object({
      tables: z.object({ providers: z.array(z.object({ provider: z.string(), calls: z.number() })) }),
    });
    const { tables } = await waitFor(
      "the calls of today",
      async () => {
        const answer = await apiAnswer("/api/metrics/performance?grain=total", shape);
        return answer.tables.providers.length > 0 && answer;
      },
      50_000,
    );
    await openSection(panel.page, "Providers");
    for (const { provider, calls } of tables.providers) {
      const row = panel.page.locator(`[data-row="${provider}"]`);
      await row.locator("[data-title=Calls]", { hasText: String(calls) }).waitFor();
    }
    expect(await panel.page.locator("[data-row=best] [data-title=Success]").textContent()).toBe("unknown");
  });

  test("Users: who asked, with the limits that the gateway counts", async () => {
    await openSection(panel.page, "Users");
    await panel.page.getByLabel("Search by id").fill("ada");
    await panel.page.getByRole("button", { name: "ada", exact: true }).click();
    const card = panel.page.getByRole("region", { name: "User ada" });
    await card.getByText("3 requests spent, 0 requests reserved, limit 10 requests").waitFor();
    await card.getByRole("combobox", { name: "Tier" }).selectOption("premium");
    await card.getByRole("button", { name: "Change tier" }).click();
    await waitFor("the other tier", async () => {
      const { tier } = await apiAnswer("/api/users/ada", z.object({ tier: z.string() }));
      return tier === "premium";
    });
    await card.getByText("limit 1,000 requests").waitFor();
  });

  test("Data: gateway, log and warehouse have counted the same", async () => {
    const shape = z.object({ gateway: z.object({ events: z.number() }), agree: z.boolean() });
    const { gateway } = await waitFor("agreement", async () => {
      const answer = await apiAnswer("/api/metrics/reconciliation", shape);
      return answer.agree && answer;
    });
    await openSection(panel.page, "Data");
    await panel.page.getByText("they agree").waitFor();
    for (const part of ["Gateways", "Event log", "Warehouse"]) {
      await panel.page
        .locator(`[data-row="${part}"] [data-title=Events]`, { hasText: String(gateway.events) })
        .waitFor();
    }
  });

  test("Activity: what was done at the panel, and by whom", async () => {
    await openSection(panel.page, "Activity");
    const row = panel.page.locator("tr", { hasText: "Sign in at the panel" }).first();
    await row.getByText("done").waitFor();
    await panel.page
      .locator("tr", { hasText: "tier premium" })
      .getByText(/panel, session [0-9a-f]{8}/)
      .waitFor();
  });

  test("Alerts, Automation, Forecasts and Cache: what there is, or how it will come to be there", async () => {
    await openSection(panel.page, "Alerts");
    await panel.page.getByRole("heading", { name: "Open alerts" }).waitFor();
    await openSection(panel.page, "Automation");
    await panel.page.getByText("changes in the last hour").waitFor();
    await openSection(panel.page, "Forecasts");
    await panel.page.getByText("There is not enough history").waitFor();
    await openSection(panel.page, "Cache");
    await panel.page.getByText("Answers from the cache").waitFor();
  });
});

describe("an emergency control that is pressed", () => {
  interface Pressed {
    readonly title: string;
    readonly confirm: string;
    readonly button: string;
    readonly fields?: readonly (readonly [label: string, value: string])[];
    /** The next answer of the gateway to a user who does not pay. */
    readonly answer: { readonly status: number; readonly code?: string; readonly provider?: string };
  }
  const CONTROLS: readonly Pressed[] = [
    {
      title: "Pause non-premium",
      confirm: "pause",
      button: "Pause non-premium",
      answer: { status: 429, code: "non_premium_paused" },
    },
    {
      title: "Fallback mode",
      confirm: "fallback",
      button: "Switch to fallback",
      answer: { status: 200, provider: "fallback" },
    },
    {
      title: "Emergency budget",
      confirm: "budget",
      button: "Set the budget",
      fields: [["Dollars a day", "0"]],
      answer: { status: 429, code: "emergency_budget_exceeded" },
    },
    {
      title: "Rate limit",
      confirm: "limit",
      button: "Limit the rate",
      fields: [["Requests a minute", "1"]],
      answer: { status: 429, code: "rate_limited" },
    },
  ];

  test.each(CONTROLS)(
    "$title: it is the gateway's next answer within a second, and ends with one press",
    async (control) => {
      const { page } = panel;
      await openSection(page, "Controls");
      const form = page.getByRole("form", { name: control.title, exact: true });
      await form.locator("[data-effect=told]").waitFor();
      for (const [label, value] of control.fields ?? []) await form.getByLabel(label).fill(value);
      const press = form.getByRole("button", { name: control.button });
      expect(await press.isDisabled()).toBe(true);
      await form.getByLabel("Reason").fill("a test of the controls");
      await form.getByLabel("to confirm").fill(control.confirm);
      const user = `bob-${control.confirm}`;
      await askGateway(machine, user);
      await press.click();
      const obeys = async (): Promise<boolean> => {
        const { status, code, provider } = await askGateway(machine, user);
        const { answer } = control;
        return status === answer.status && code === answer.code && (answer.provider ?? provider) === provider;
      };
      await waitFor(`the gateway to obey ${control.title}`, obeys, 1_500);
      await page.getByRole("button", { name: `End ${control.title.toLowerCase()} now` }).click();
      await page
        .getByRole("region", { name: control.title, exact: true })
        .locator(".badge", { hasText: "Off" })
        .waitFor();
      await waitFor(`the end of ${control.title}`, async () => {
        const { status, provider } = await askGateway(machine, `${user}-after`);
        return status === 200 && provider !== "fallback";
      });
    },
  );

  test("a provider is drained and enabled again", async () => {
    await openSection(panel.page, "Providers");
    await panel.page.getByRole("button", { name: "Drain 1 h: cheap" }).click();
    await waitFor("another provider", async () => (await askGateway(machine, "eve")).provider === "fallback");
    await panel.page.getByRole("button", { name: "Enable cheap" }).click();
    await waitFor("the provider again", async () => (await askGateway(machine, "eve")).provider === "cheap");
  });
});

describe("the page itself", () => {
  test.each([
    { colorScheme: "light", viewport: DESKTOP },
    { colorScheme: "dark", viewport: PHONE },
  ] as const)(
    "no section has a serious fault for who needs help to see, or is cut off ($colorScheme)",
    async (look) => {
      const watched = await openPage(browser, { origin: machine.controlUrl, ...look });
      const { page } = watched;
      await signIn(page, machine.controlUrl, token);
      for (const title of SECTIONS) {
        await openSection(page, title);
        await waitFor("the numbers", async () => (await page.locator(".skeleton").count()) === 0, 30_000);
        expect([title, await faultsOf(page)]).toEqual([title, []]);
      }
      expect(watched.errors).toEqual([]);
      await watched.context.close();
    },
  );

  test("nothing was asked of another origin, and no script failed", () => {
    expect(panel.foreign).toEqual([]);
    expect(panel.errors).toEqual([]);
  });

  test("the script is small enough to be there at once", async () => {
    const html = await (await fetch(`${machine.controlUrl}/`)).text();
    const path = /src="(\/panel\/[^"]+\.js)"/.exec(html)?.[1] ?? "";
    const { page, context } = await openPage(browser, { origin: machine.controlUrl });
    const sizes: number[] = [];
    page.on("response", async (response) => {
      if (new URL(response.url()).pathname !== path) return;
      const { responseBodySize } = await response.request().sizes();
      sizes.push(responseBodySize);
    });
    await page.goto(`${machine.controlUrl}/`);
    await page.getByLabel("Access token").waitFor();
    const size = await waitFor("the script's size", () => sizes[0]);
    const paintMs = await page.evaluate(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    console.log(`script ${size} bytes gzipped, first paint after ${Math.round(paintMs ?? Number.NaN)} ms`);
    expect(size).toBeGreaterThan(1_000);
    expect(size).toBeLessThan(MAX_SCRIPT_GZIP_BYTES);
    await context.close();
  });

  test("when the pipeline is gone, the numbers are marked as old, then greyed, and never become 0", async () => {
    const { page } = panel;
    await openSection(page, "Now");
    const requests = page.locator("[data-value=requestsPerMinute]");
    const spent = await page.locator("[data-value=dailySpend]").textContent();
    await machine.stop();
    await page.locator("[data-freshness=stale]").waitFor();
    await page.getByText("the connection is lost").waitFor();
    await page.locator("[data-freshness=lost]").waitFor({ timeout: 50_000 });
    expect(await page.locator(".figures.old").count()).toBe(1);
    expect(await page.locator("[data-value=dailySpend]").textContent()).toBe(spent);
    expect(await requests.textContent()).not.toBe("");
  });
});
