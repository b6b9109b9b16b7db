import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costOf, type Price } from "../../../models/domain/price.ts";
import { boundCost, boundTokens, TOOLS_OVERHEAD_TOKENS } from "../../../models/policy/estimate.ts";
import { embeddingFactsOf, factsOf, MAX_CHOICES } from "../../../models/policy/request-facts.ts";

const TIER = { maxOutputTokens: 1_000 };
const bytesOf = (body: unknown) => Buffer.byteLength(JSON.stringify(body));
const factsFor = (body: Parameters<typeof factsOf>[0] & Record<string, unknown>) =>
  factsOf(body, bytesOf(body));
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
    expect(facts).toMatchObject({ images: 1, lowDetailImages: 0, refusedParam: null });
    expect(facts.textBytes).toBe(bytesOf(body) - url.length);
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
    expect(facts).toMatchObject({ lowDetailImages: 2, images: 0, refusedParam: null });
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
    expect(output({ max_output_tokens: 7 })).toMatchObject({ maxOutputTokens: 7 });
  });

  test("of an embedding has no output, and a token is at least a byte", () => {
    const body = { input: [[1, 2, 3], [4]] };
    const facts = embeddingFactsOf(body, bytesOf(body));
    expect(facts.refusedParam).toBeNull();
    expect(boundTokens(facts, TIER)).toMatchObject({ outputTokens: 0 });
    expect(embeddingFactsOf({ input: [{ image: "x" }] }, 30).refusedParam).toBe("input");
  });
});

describe("what cannot be bounded is named, so that it is refused", () => {
  const cases: readonly (readonly [string, Record<string, unknown>])[] = [
    ["n", { n: MAX_CHOICES + 1 }],
    ["n", { n: 0 }],
    ["n", { n: 1.5 }],
    ["n", { n: "2" }],
    ["max_tokens", { max_tokens: 0 }],
    ["max_tokens", { max_tokens: "100" }],
    ["max_completion_tokens", { max_completion_tokens: -5 }],
    ["audio", { audio: { voice: "alloy" } }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["web_search_options", { web_search_options: {} }],
    ["previous_response_id", { previous_response_id: "resp_1" }],
    ["service_tier", { service_tier: "priority" }],
    ["tools", { tools: [{ type: "web_search" }] }],
    ["tools", { tools: { type: "function" } }],
    ["messages", says([{ type: "input_audio", input_audio: { data: "AA" } }])],
    ["messages", says([{ type: "file", file: { file_id: "f" } }])],
    ["messages", says([{ type: "image_url", image_url: { file_id: "f" } }])],
    ["messages", { messages: [{ role: "assistant", audio: { id: "a" } }] }],
    ["input", { input: [{ type: "item_reference", id: "i" }] }],
  ];
  test.each(cases)("%s in %j", (param, body) => {
    expect(factsFor({ ...says("x"), ...body }).refusedParam).toBe(param);
  });

  test("and what is null, default or plain text is not", () => {
    const plain = {
      n: null,
      audio: null,
      modalities: ["text"],
      service_tier: "auto",
      tools: [],
      prompt: null,
    };
    expect(factsFor({ ...says([{ type: "text", text: "x" }]), ...plain }).refusedParam).toBeNull();
    expect(factsFor({ messages: [null, 3, "x", { content: null }] }).refusedParam).toBeNull();
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
