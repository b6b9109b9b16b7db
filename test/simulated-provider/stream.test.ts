import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedProvider, startSimulatedProvider } from "../../simulated-provider/server.ts";
import { askFor, clientOf, nextBooks, waitForBooks } from "./client.ts";

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await startSimulatedProvider({ latencyScale: 0.01, seed: 7 });
});
afterAll(() => provider.close());

async function collect(
  name: string,
  body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>,
  usage = true,
) {
  const stream = await clientOf(provider, name).chat.completions.create({
    ...askFor("Stream it.", body),
    stream: true,
    ...(usage ? { stream_options: { include_usage: true } } : {}),
  });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: OpenAI.ChatCompletionChunk[], index = 0): string =>
  chunks
    .flatMap(({ choices }) => choices)
    .filter((choice) => choice.index === index)
    .map(({ delta }) => delta.content ?? "")
    .join("");

test("the last chunk has the usage that is billed, and no choices", async () => {
  const books = nextBooks(provider, "gpt-4o");
  const chunks = await collect("gpt-4o", { metadata: { simulate_output_tokens: "80" } });
  const last = chunks.at(-1);
  expect(last?.choices).toEqual([]);
  expect(last?.usage).toMatchObject({ prompt_tokens: books().promptTokens, completion_tokens: 80 });
  expect(books()).toMatchObject({ answered: 1, completionTokens: 80 });
  expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
});

test("who does not ask for the usage does not get it, and is billed all the same", async () => {
  const books = nextBooks(provider, "gpt-4o");
  const chunks = await collect("gpt-4o", { metadata: { simulate_output_tokens: "15" } }, false);
  expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  expect(books().completionTokens).toBe(15);
});

test("a provider of single tokens streams one chunk for each of them", async () => {
  const chunks = await collect("gpt-4o-mini", { metadata: { simulate_output_tokens: "40" } });
  const contents = chunks.filter(({ choices }) => (choices[0]?.delta.content ?? "") !== "");
  expect(contents).toHaveLength(40);
  expect(textOf(chunks)).toMatch(/^[A-Z].*\.$/s);
  expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
});

test("choices take turns and end each for itself", async () => {
  const chunks = await collect("gemini-flash", { n: 2, metadata: { simulate_output_tokens: "60" } });
  expect(textOf(chunks, 0)).not.toBe(textOf(chunks, 1));
  const ends = chunks.flatMap(({ choices }) => choices).filter(({ finish_reason: end }) => end !== null);
  expect(ends.map(({ index }) => index)).toEqual([0, 1]);
});

test("the bytes are server-sent events as OpenAI sends them", async () => {
  const response = await fetch(`${provider.url}/gpt-4o/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ ...askFor("Raw.", { max_tokens: 3 }), stream: true }),
  });
  const events = (await response.text()).split("\n\n");
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(events.slice(-2)).toEqual(["data: [DONE]", ""]);
  expect(events.slice(0, -2).every((event) => event.startsWith('data: {"id":"chatcmpl-'))).toBe(true);
});

test("a client that leaves in the middle is billed for what was generated until then", async () => {
  const books = nextBooks(provider, "perplexity");
  const metadata = { simulate_output_tokens: "3000", simulate_latency_ms: "3000" };
  const leave = new AbortController();
  const stream = await clientOf(provider, "perplexity").chat.completions.create(
    { ...askFor("Long.", { metadata }), stream: true },
    { signal: leave.signal },
  );
  let seen = 0;
  for await (const chunk of stream) {
    if ((chunk.choices[0]?.delta.content ?? "") !== "") seen += 1;
    if (seen === 3) break;
  }
  leave.abort();
  await waitForBooks(provider, "perplexity", ({ inFlight }) => inFlight === 0);
  expect(books()).toMatchObject({ aborted: 1, answered: 0 });
  expect(books().completionTokens).toBeGreaterThanOrEqual(3);
  expect(books().completionTokens).toBeLessThan(3000);
  expect(books().promptTokens).toBeGreaterThan(0);
});

describe("the books agree with a hundred mixed calls at once", () => {
  test("sum of the clients' usages = the provider's books", async () => {
    const books = nextBooks(provider, "mixed");
    const usages = await Promise.all(
      Array.from({ length: 100 }, async (_, call) => {
        const chunks = await collect("mixed", { user: `u${call}`, n: 1 + (call % 2), max_tokens: 5 + call });
        return chunks.at(-1)?.usage;
      }),
    );
    const sum = (of: (usage: OpenAI.CompletionUsage) => number) =>
      usages.reduce((total, usage) => total + (usage ? of(usage) : Number.NaN), 0);
    expect(books()).toMatchObject({
      answered: 100,
      promptTokens: sum((usage) => usage.prompt_tokens),
      completionTokens: sum((usage) => usage.completion_tokens),
    });
  });
});
