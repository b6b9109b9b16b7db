import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRequest } from "../../../gateway/parse-request.ts";
import { costOf, type Price } from "../../../models/domain/price.ts";
import { boundCost, boundTokens, TOOLS_OVERHEAD_TOKENS } from "../../../models/policy/estimate.ts";
import { factsOf, type RequestFacts } from "../../../models/policy/request-facts.ts";

const TIER = { maxOutputTokens: 1_000 };
const bytesOf = (body: unknown) => Buffer.byteLength(JSON.stringify(body));
const factsFor = (body: Record<string, unknown>): RequestFacts => {
  const bytes = Buffer.from(JSON.stringify({ model: "auto", ...body }));
  const endpoint = body.messages === undefined ? "responses" : "chat";
  return factsOf(parseRequest(endpoint, bytes, new Set()), bytes.length);
};
const says = (content: unknown) => ({ messages: [{ role: "user", content }] });

describe("the bound of a request's tokens", () => {
  test("is never below the bytes of UTF-8 of all its texts and four tokens a message, whatever they are", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.string());
    const message = fc.record({ role: fc.constantFrom("user", "assistant", "system"), content: text });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
        const body = JSON.parse(JSON.stringify({ model: "auto", messages }));
        const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + 4, 3);
        expect(boundTokens(factsFor(body), TIER).inputTokens).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });

  test("counts an image by a constant and not by the bytes of its data", () => {
    const url = `data:image/png;base64,${"A".repeat(1_000_000)}`;
    const body = says([
      { type: "text", text: "what is this?" },
      { type: "image_url", image_url: { url } },
    ]);
    const facts = factsFor(body);
    expect(facts).toMatchObject({ images: 1, lowDetailImages: 0, imageBytes: url.length });
    expect(facts.textBytes).toBe(bytesOf({ model: "auto", ...body }) - url.length);
    // OpenAI's examples: at most 8 tiles of 170 + 85 for gpt-4o, 5667 + 2833 for gpt-4o-mini.
    expect(boundTokens(facts, TIER, "gpt-4o-2024-08-06").inputTokens).toBe(facts.textBytes + 32 + 1_445);
    expect(boundTokens(facts, TIER, "gpt-4o-mini").inputTokens).toBe(facts.textBytes + 32 + 48_169);
    expect(boundTokens(facts, TIER).inputTokens).toBeGreaterThan(facts.textBytes + 48_169);
  });

  test("counts low detail as such only where it is asked for", () => {
    const image = (detail: string) => ({ type: "image_url", image_url: { url: "https://a/b.png", detail } });
    const facts = factsFor(says([image("low"), image("auto"), image("original")]));
    expect(facts).toMatchObject({ lowDetailImages: 1, images: 2 });
    expect(boundTokens(facts, TIER, "gpt-4o").inputTokens).toBe(facts.textBytes + 32 + 85 + 2 * 1_445);
  });

  test("finds the images of the responses API, also in what tools gave back", () => {
    const image = { type: "input_image", image_url: "https://a/b.png", detail: "low" };
    const facts = factsFor({
      input: [
        { role: "user", content: [{ type: "input_text", text: "x" }, image] },
        { type: "function_call_output", call_id: "1", output: [image] },
      ],
    });
    expect(facts).toMatchObject({ lowDetailImages: 2, images: 0 });
  });

  test("has room for the text that makes a model use tools", () => {
    const tools = [{ type: "function", function: { name: "f" } }];
    const facts = factsFor({ ...says("x"), tools });
    expect(boundTokens(facts, TIER).inputTokens).toBe(facts.textBytes + 32 + TOOLS_OVERHEAD_TOKENS);
  });

  test("imposes the lowest limit on each answer and counts every choice", () => {
    const output = (more: Record<string, unknown>) => boundTokens(factsFor({ ...says("x"), ...more }), TIER);
    expect(output({})).toMatchObject({ maxOutputTokens: 1_000, outputTokens: 1_000 });
    expect(output({ max_tokens: null })).toMatchObject({ maxOutputTokens: 1_000 });
    expect(output({ max_tokens: 50_000 })).toMatchObject({ maxOutputTokens: 1_000 });
    expect(output({ max_tokens: 50, n: 4 })).toMatchObject({ maxOutputTokens: 50, outputTokens: 200 });
    expect(output({ max_tokens: 50, max_completion_tokens: 20 })).toMatchObject({ maxOutputTokens: 20 });
    const response = boundTokens(factsFor({ input: "x", max_output_tokens: 7 }), TIER);
    expect(response).toMatchObject({ maxOutputTokens: 7, outputTokens: 7 });
  });

  test("of an embedding has no output, and a token is at least a byte", () => {
    const bytes = Buffer.from(JSON.stringify({ model: "auto", input: [[1, 2, 3], [4]] }));
    const facts = factsOf(parseRequest("embeddings", bytes, new Set()), bytes.length);
    expect(boundTokens(facts, TIER)).toEqual({
      inputTokens: bytes.length + 32,
      outputTokens: 0,
      maxOutputTokens: 1_000,
    });
  });
});

describe("the bound of a request's cost", () => {
  const rate = fc.nat(100_000_000);
  const rates = fc.record({ input: rate, cachedInput: rate, output: rate });
  const price: fc.Arbitrary<Price> = fc.record({
    rates,
    longContext: fc
      .array(fc.record({ aboveInputTokens: fc.integer({ min: 1, max: 100_000 }), rates }), { maxLength: 3 })
      .map((steps) => steps.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)),
    perRequest: fc.nat(50_000_000),
  });

  test("is never below the cost of any call within it, at any price", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        price,
        fc.nat(200_000),
        fc.nat(50_000),
        share,
        share,
        share,
        (p, input, output, a, b, c) => {
          const bound = boundCost(p, { inputTokens: input, outputTokens: output });
          const usedInput = Math.floor(input * a);
          const usedOutput = Math.floor(output * b);
          const cachedInput = Math.floor(usedInput * c);
          const reasoning = Math.floor(usedOutput * c);
          const usage = {
            input: usedInput - cachedInput,
            cachedInput,
            output: usedOutput - reasoning,
            reasoning,
          };
          expect(costOf(usage, p)).toBeLessThanOrEqual(bound);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is exact for a call that uses it up without a cache", () => {
    const p = {
      rates: { input: 150_000, cachedInput: 75_000, output: 600_000 },
      longContext: [],
      perRequest: 7,
    };
    expect(boundCost(p, { inputTokens: 1_000, outputTokens: 500 })).toBe(150_000 + 300_000 + 7);
  });
});
