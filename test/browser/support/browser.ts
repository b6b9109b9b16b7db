import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}; run scripts/install-browser.sh`);
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A page, and what went wrong on it: requests to other origins, errors of scripts and of the console. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly foreign: string[];
  readonly errors: string[];
}

export interface PageOptions {
  readonly origin: string;
  readonly viewport?: { width: number; height: number };
  readonly colorScheme?: "light" | "dark";
}

export async function openPage(
  browser: Browser,
  { origin, viewport = DESKTOP, colorScheme = "light" }: PageOptions,
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  return openTab(context, origin);
}

/** Another page of the same visitor: signed in as the others are, with what their browser has kept. */
export async function openTab(context: BrowserContext, origin: string): Promise<WatchedPage> {
  const page = await context.newPage();
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    const { origin: asked, protocol } = new URL(request.url());
    if (asked !== origin && protocol !== "data:") foreign.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { page, context, foreign, errors };
}

/** Opens the panel and signs in; resolves when the live numbers are there. */
export async function signIn(page: Page, origin: string, token: string): Promise<void> {
  await page.goto(`${origin}/`);
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("[data-freshness=fresh]").waitFor();
}

/** Through the navigation, as a person goes. Beside `Alerts` it tells how many are open. */
export async function openSection(page: Page, title: string): Promise<void> {
  const name = new RegExp(`^${title}( \\d+ open)?$`);
  await page.getByRole("navigation").getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
}
