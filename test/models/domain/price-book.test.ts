import { calcPrice } from "@pydantic/genai-prices";
import { expect, it } from "vitest";
import { NANO_PER_USD } from "../../../models/domain/money.ts";
import { costOf, price, priceAt } from "../../../models/domain/price.ts";
import { listPrices } from "../../../models/domain/price-book.ts";

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
