import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { z } from "zod";

const require = createRequire(import.meta.url);
const violation = z.object({
  id: z.string(),
  impact: z.string().nullable(),
  nodes: z.array(z.object({ html: z.string() })),
});
/** What a number or an object looks like that nobody has put into words. */
const RAW = /NaN|undefined|\[object|\b\d\.\d+e[+-]?\d+\b|\d\.\d{10}/;

/** What somebody who needs help to see, or holds a phone, would stumble over on the page as it is; empty: nothing. */
export async function faultsOf(page: Page): Promise<string[]> {
  const hasAxe = await page.evaluate("typeof axe === 'object'");
  // As the browser's own tools do it: the page's policy keeps inline scripts out.
  if (hasAxe !== true) await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
  const found = z
    .array(violation)
    .parse(await page.evaluate("axe.run().then(({ violations }) => violations)"));
  const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
  const raw = RAW.exec((await page.locator("body").textContent()) ?? "");
  const tooWide = z.number().parse(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  return [
    ...serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`),
    ...(raw === null ? [] : [`raw value: ${raw[0]}`]),
    ...(tooWide > 0 ? [`${tooWide} px too wide`] : []),
    ...(await cutOff(page)),
  ];
}

/** Badges and buttons that reach beyond the card that holds them. */
async function cutOff(page: Page): Promise<string[]> {
  const found = await page.evaluate(`[...document.querySelectorAll(".card")].flatMap((card) => {
    const edge = card.getBoundingClientRect().right + 1;
    return [...card.querySelectorAll(".badge, button, strong, td, p")]
      .filter((part) => part.getBoundingClientRect().right > edge)
      .map((part) => "cut off: " + part.textContent.slice(0, 60));
  })`);
  return z.array(z.string()).parse(found);
}
