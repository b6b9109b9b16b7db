import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { CatalogError, loadCatalog, openCatalog } from "../catalog.ts";
import { price } from "../models/domain/price.ts";
import { catalogDocument } from "./support/test-catalog.ts";
import { waitFor } from "./support/wait-for.ts";

const logger = pino({ level: "silent" });
let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-catalog-"));
  file = join(directory, "catalog.yaml");
});
afterEach(() => rm(directory, { recursive: true }));

async function problemsOf(text: string): Promise<string[]> {
  await writeFile(file, text);
  const error = await loadCatalog(file).catch((caught: unknown) => caught);
  if (!(error instanceof CatalogError)) throw new Error("the catalog was taken");
  return error.problems.map(({ path }) => path);
}

describe("the catalog that comes with the product", () => {
  it("is valid, and each of its providers has a price in whole numbers", async () => {
    const { catalog, warnings } = await loadCatalog(resolve(import.meta.dirname, "../catalog.yaml"));
    expect(warnings).toEqual([]);
    expect([...catalog.tiers.keys()]).toEqual(["free", "premium", "unlimited"]);
    for (const { name, prices } of catalog.providers.values()) {
      expect(prices, name).not.toHaveLength(0);
      for (const entry of prices) expect(() => price.parse(entry.price), name).not.toThrow();
    }
  });
});

describe("a broken catalog", () => {
  it("is refused with every mistake by its path", async () => {
    const document = catalogDocument({
      timezone: "Mars/Olympus",
      safeguards: { dailyBudget: -1, weeklyBudget: 10 },
      surprise: true,
    });
    expect(new Set(await problemsOf(stringify(document)))).toEqual(
      new Set(["timezone", "safeguards.dailyBudget", "surprise"]),
    );
  });

  it.each([
    ["a list that holds itself", "&a [*a]", "(file)"],
    ["half of a surrogate pair", 'timezone: "\\ud83d"', "timezone"],
    [
      "half of a surrogate pair in a text of a rule",
      'automation: { rules: [{ when: "a \\udc00" }] }',
      "automation.rules.0.when",
    ],
  ])("is refused with a reason when it has %s", async (_what, text, path) => {
    expect(await problemsOf(text)).toEqual([path]);
  });

  it("is refused when it names what it does not have, or a rule that cannot be read", async () => {
    const rule = (name: string, when: string, then: unknown) => ({ name, when, then });
    const document = catalogDocument({
      routing: { peakProviders: ["nobody"] },
      automation: {
        targetDailySpend: 1,
        rules: [
          rule("a", "daily_spend >", { action: "notify" }),
          rule("a", "daily_spend > 1.0", { action: "switch-provider", provider: "nobody" }),
          rule("b", "daily_spend > 1.0", { action: "raise-request-limit", tier: "nobody" }),
        ],
      },
    });
    expect(new Set(await problemsOf(stringify(document)))).toEqual(
      new Set([
        "routing.peakProviders.0",
        "automation.rules.0.when",
        "automation.rules.1.name",
        "automation.rules.1.then.provider",
        "automation.rules.2.then.tier",
      ]),
    );
  });

  it("that is no YAML is refused with the line", async () => {
    expect((await problemsOf("tiers:\n  free: [")).join()).toMatch(/line \d+, column \d+/);
  });

  it("that is not there is refused with what to do", async () => {
    await expect(loadCatalog(join(directory, "none.yaml"))).rejects.toThrow(/CATALOG_FILE/);
  });
});

describe("an edit of a running catalog", () => {
  it("is in force without a restart when it is good, and refused with its problems when it is bad", async () => {
    await writeFile(file, stringify(catalogDocument()));
    const source = await openCatalog(file, logger);
    try {
      const versions: string[] = [];
      source.onChange(({ version }) => versions.push(version));
      const first = source.current().version;

      await writeFile(file, stringify(catalogDocument({ timezone: "Europe/Berlin" })));
      await waitFor("the new catalog", () => source.current().timezone === "Europe/Berlin");
      expect(versions).toEqual([source.current().version]);
      expect(versions).not.toContain(first);

      await writeFile(file, stringify(catalogDocument({ timezone: "nowhere" })));
      await waitFor("the refusal", () => source.problems().some(({ path }) => path === "timezone"));
      expect(source.current().timezone).toBe("Europe/Berlin");

      await writeFile(file, stringify(catalogDocument({ timezone: "Asia/Tokyo" })));
      await waitFor("the mended catalog", () => source.current().timezone === "Asia/Tokyo");
      expect(source.problems()).toEqual([]);
    } finally {
      source.close();
    }
  });
});
