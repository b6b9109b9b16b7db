import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { SESSION_MS } from "../../pipeline/control/sessions.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../pipeline/test-control.ts";
import { openBrowser, openPage } from "./support/browser.ts";

const VIEWER_TOKEN = "a-viewer-token-for-tests";

let browser: Browser;
let control: TestControl;
let nowMs: number;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  nowMs = Date.now();
  control = await startTestControl({ viewerToken: VIEWER_TOKEN, now: () => nowMs });
});
afterEach(() => control.close());

async function openSignIn(token: string) {
  const watched = await openPage(browser, { origin: control.url });
  await watched.page.goto(`${control.url}/`);
  await watched.page.getByLabel("Access token").fill(token);
  await watched.page.getByRole("button", { name: "Sign in" }).click();
  return watched;
}

test("a wrong token opens nothing, and it is said so", async () => {
  const { page, context } = await openSignIn("wrong");
  await page.getByRole("alert").getByText("this token is not known").waitFor();
  expect(await context.cookies()).toEqual([]);
  expect(await page.getByRole("navigation").count()).toBe(0);
  await context.close();
});

test("a session that has ended leads back to the sign-in, which says why", async () => {
  const { page, context } = await openSignIn(ADMIN_TOKEN);
  await page.getByRole("navigation").waitFor();
  nowMs += SESSION_MS;
  await page.getByText("Your session has ended").waitFor();
  expect(await page.getByRole("navigation").count()).toBe(0);
  await context.close();
});

test("signing out ends the session for every copy of its cookie", async () => {
  const { page, context } = await openSignIn(ADMIN_TOKEN);
  await page.getByRole("navigation").waitFor();
  const [cookie] = await context.cookies();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Access token").waitFor();
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  expect((await fetch(`${control.url}/api/keys`, { headers })).status).toBe(401);
  await context.close();
});

test("a script in the page cannot read the cookie, nor change anything without the CSRF token", async () => {
  const { page, context } = await openSignIn(ADMIN_TOKEN);
  await page.getByRole("navigation").waitFor();
  const forged = `fetch("/api/emergency/pause-non-premium", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason: "forged", minutes: 5 }),
  }).then(({ status }) => status)`;
  const status = await page.evaluate(forged);
  expect(await page.evaluate("document.cookie")).toBe("");
  expect(status).toBe(403);
  expect((await control.call("GET", "/api/directives")).body).toMatchObject({ active: [] });
  await context.close();
});

test("a viewer sees the controls and can press none of them", async () => {
  const { page, context } = await openSignIn(VIEWER_TOKEN);
  await page.getByRole("link", { name: "Controls", exact: true }).first().click();
  const form = page.getByRole("form", { name: "Pause non-premium" });
  await form.getByLabel("Reason").fill("may I?");
  await form.getByLabel("to confirm").fill("pause");
  expect(await form.getByRole("button").isDisabled()).toBe(true);
  await page.getByText("Signed in as viewer").waitFor();
  await context.close();
});

test("without a warehouse the panel says that numbers are unknown, and never shows them as 0", async () => {
  const { page, context } = await openSignIn(ADMIN_TOKEN);
  for (const name of ["dailySpend", "usersOnline", "requestsPerMinute", "success"]) {
    const value = page.locator(`[data-value=${name}]`);
    await value.waitFor();
    expect(await value.textContent()).toBe("unknown");
  }
  await page.locator("[data-freshness=stale]").waitFor();
  await context.close();
});
