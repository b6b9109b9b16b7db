import OpenAI from "openai";
import { expect, vi } from "vitest";
import type { ProviderBooks } from "../../simulated-provider/books.ts";
import type { SimulatedProvider } from "../../simulated-provider/server.ts";

type Ask = OpenAI.ChatCompletionCreateParamsNonStreaming;

export function clientOf({ url }: SimulatedProvider, name: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/${name}/v1`, apiKey: "none", maxRetries: 0 });
}

export function askFor(content: string, more: Partial<Ask> = {}): Ask {
  return { model: "any", messages: [{ role: "user", content }], ...more };
}

const EMPTY: ProviderBooks = {
  calls: 0,
  answered: 0,
  failed: 0,
  aborted: 0,
  inFlight: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  cacheWriteTokens: 0,
  webSearches: 0,
};

/** What was booked for the provider since now. */
export function nextBooks(provider: SimulatedProvider, name: string): () => ProviderBooks {
  const before = provider.books()[name] ?? EMPTY;
  return () => {
    const now = provider.books()[name] ?? EMPTY;
    return {
      calls: now.calls - before.calls,
      answered: now.answered - before.answered,
      failed: now.failed - before.failed,
      aborted: now.aborted - before.aborted,
      inFlight: now.inFlight,
      promptTokens: now.promptTokens - before.promptTokens,
      cachedTokens: now.cachedTokens - before.cachedTokens,
      completionTokens: now.completionTokens - before.completionTokens,
      reasoningTokens: now.reasoningTokens - before.reasoningTokens,
      cacheWriteTokens: now.cacheWriteTokens - before.cacheWriteTokens,
      webSearches: now.webSearches - before.webSearches,
    };
  };
}

export async function waitForBooks(
  provider: SimulatedProvider,
  name: string,
  isReady: (books: ProviderBooks) => boolean,
): Promise<void> {
  await vi.waitFor(() => expect(isReady(provider.books()[name] ?? EMPTY)).toBe(true), {
    timeout: 10_000,
    interval: 5,
  });
}
