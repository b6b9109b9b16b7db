import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { expect, it } from "vitest";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { costOf, NO_TOKENS, price, priceAt } from "../../../models/domain/price.ts";
import { listPrices, UNSOLD_PRICE_KEYS, USED_PRICE_KEYS } from "../../../models/domain/price-book.ts";

const OPENAI = "https://api.openai.com/v1";
const GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai";
const PERPLEXITY = "https://api.perplexity.ai";
const NOW_MS = Date.UTC(2026, 10, 24);

it.each([
  ["gpt-4o", OPENAI, "openai"],
  ["gpt-4o-mini", OPENAI, "openai"],
  ["gemini-2.5-flash", GOOGLE, "google"],
  ["gemini-2.5-flash-lite", GOOGLE, "google"],
  ["gemini-2.5-pro", GOOGLE, "google"],
])("%s costs what the package says, short and long, cached or not", (model, baseUrl, providerId) => {
  const found = priceAt(listPrices({ model, baseUrl }), NOW_MS);
  const listed = price.parse(found);
  for (const [input, cachedInput, output] of [
    [1_000, 0, 500],
    [1_000, 400, 500],
    [150_000, 50_000, 8_000],
    [150_001, 50_000, 8_000],
    [400_000, 0, 8_000],
  ] as const) {
    const usage = {
      input_tokens: input + cachedInput,
      cache_read_tokens: cachedInput,
      output_tokens: output,
    };
    const theirs = (calcPrice(usage, model, { providerId })?.total_price ?? Number.NaN) * NANO_PER_USD;
    const ours = costOf({ input, cachedInput, output, reasoning: 0 }, listed);
    // Theirs is a float; ours is rounded up to whole nano-dollars.
    expect(Math.abs(ours - theirs)).toBeLessThan(1.01);
  }
});

it.each([
  ["sonar", 12_000_000],
  ["sonar-pro", 14_000_000],
])("%s has a fee a request", (model, perRequest) => {
  expect(price.parse(priceAt(listPrices({ model, baseUrl: PERPLEXITY }), NOW_MS)).perRequest).toBe(
    perRequest,
  );
});

it("a model that the package does not know has no price, and so is never free", () => {
  expect(listPrices({ model: "no-such-model", baseUrl: OPENAI })).toEqual([]);
  expect(listPrices({ model: "gpt-4o", baseUrl: "https://llm.example.com/v1" })).toEqual([]);
});

const BUNDLE = readFileSync(fileURLToPath(import.meta.resolve("@pydantic/genai-prices")), "utf8");
/** As the bundled data spell them: `id: "openai"` before an `api_pattern`. */
const PROVIDER_IDS = [...BUNDLE.matchAll(/\bid: "([\w-]+)",(?:(?!\bid:).)*?\bapi_pattern:/gs)].map(
  ([, id = ""]) => id,
);
const LISTED = [...new Set(PROVIDER_IDS)].flatMap((providerId) => {
  const provider = findProvider({ providerId });
  return (provider?.models ?? []).flatMap(({ id, prices }) =>
    (Array.isArray(prices) ? prices : [{ prices }]).map((entry) => ({
      providerId,
      model: id,
      prices: entry.prices,
    })),
  );
});

it("every price key of the installed package is either used or known to be of nothing that is sold here", () => {
  const units = [...BUNDLE.matchAll(/price_key: "(\w+)"/g)].map(([, key = ""]) => key);
  const inModels = LISTED.flatMap(({ prices }) => Object.keys(prices));
  expect(units.length).toBeGreaterThan(40);
  expect(LISTED.length).toBeGreaterThan(500);
  const known = [...USED_PRICE_KEYS, ...UNSOLD_PRICE_KEYS];
  expect([...new Set([...units, ...inModels])].filter((key) => !known.includes(key))).toEqual([]);
});

it("the defaults of a catalog's price are not below any price list that the package has", () => {
  const dearest = (key: string, providers: (id: string) => boolean) =>
    Math.max(
      ...LISTED.filter(({ providerId }) => providers(providerId)).map(
        ({ prices }) => baseOf(prices[key]) ?? 0,
      ),
    );
  expect(dearest("web_searches_kcount", () => true)).toBeLessThanOrEqual(10);
  expect(dearest("storage_searches_kcount", () => true)).toBeLessThanOrEqual(10);
  expect(dearest("code_executions_kcount", () => true)).toBeLessThanOrEqual(10);
  for (const [key, factors] of [
    ["cache_write_mtok", { openai: 1.25, anthropic: 1.25, google: 1.25 }],
    ["cache_write_1h_mtok", { openai: 1.25, anthropic: 2, aws: 2 }],
  ] as const) {
    for (const [id, factor] of Object.entries(factors)) {
      const ratios = LISTED.filter(({ providerId }) => providerId === id).map(
        ({ prices }) => (baseOf(prices[key]) ?? 0) / (baseOf(prices.input_mtok) ?? 1),
      );
      expect(Math.max(...ratios), `${id} ${key}`).toBeLessThanOrEqual(factor + 1e-9);
    }
  }
});

it.each([
  ["claude-sonnet-4-5", "anthropic"],
  ["claude-3-5-haiku-latest", "anthropic"],
  ["gpt-5.6-sol", "openai"],
  ["gemini-2.5-flash", "google"],
  ["gemini-2.5-flash-image", "google"],
  ["gpt-audio", "openai"],
  ["gpt-realtime", "openai"],
])("%s costs what the package says for cache writes, sound, pictures and searches", (model, pricedAs) => {
  const listed = price.parse(priceAt(listPrices({ model, baseUrl: OPENAI, pricedAs }), NOW_MS));
  const prices = calcPrice({ input_tokens: 1 }, model, { providerId: pricedAs })?.model_price ?? {};
  for (const [key, bucket] of [
    ["cache_write_mtok", "cacheWrite"],
    ["cache_write_1h_mtok", "cacheWriteHour"],
    ["input_audio_mtok", "audioInput"],
    ["cache_audio_read_mtok", "cachedAudioInput"],
    ["input_image_mtok", "imageInput"],
    ["output_audio_mtok", "audioOutput"],
    ["output_image_mtok", "imageOutput"],
    ["web_searches_kcount", "webSearches"],
  ] as const) {
    const usd = baseOf(prices[key]);
    if (usd === undefined) continue;
    // A million tokens, or a thousand calls, cost what the list says.
    const units = key.endsWith("kcount") ? 1_000 : 1;
    const cost = costOf({ ...NO_TOKENS, special: { [bucket]: units } }, { ...listed, perRequest: 0 });
    expect(cost, key).toBe(Math.ceil(key.endsWith("kcount") ? usd * 1e9 : usd * 1e3));
  }
});

it("a model whose price depends on what it reads by itself has none, until the catalog says how much that is at most", () => {
  expect(listPrices({ model: "sonar-deep-research", baseUrl: PERPLEXITY })).toEqual([]);
});

function baseOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "object" && value !== null && "base" in value ? Number(value.base) : undefined;
}
