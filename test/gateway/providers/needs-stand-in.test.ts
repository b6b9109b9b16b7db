import { resolve } from "node:path";
import { expect, it } from "vitest";
import { loadCatalog } from "../../../catalog.ts";
import { isAllSimulated, needsStandIn } from "../../../gateway/providers/needs-stand-in.ts";

const CATALOG = resolve(import.meta.dirname, "../../../catalog.yaml");

it("without a key the catalog as it is delivered has a stand-in for everything, so a first start has its demo", async () => {
  const { catalog } = await loadCatalog(CATALOG);
  const simulated = needsStandIn(catalog, () => null);
  expect(simulated.sort()).toEqual([...catalog.providers.keys(), ...catalog.embeddings.keys()].sort());
  expect(isAllSimulated(catalog, () => null)).toBe(true);
});

it("one key is enough to end the demo: what is measured is real from then on", async () => {
  const { catalog } = await loadCatalog(CATALOG);
  const keyOf = (name: string): string | null => (name === "GEMINI_API_KEY" ? "a-key" : null);
  expect(needsStandIn(catalog, keyOf)).not.toContain("gemini-flash");
  expect(needsStandIn(catalog, keyOf)).toContain("gpt-4o");
  expect(isAllSimulated(catalog, keyOf)).toBe(false);
});
