import type { Usage } from "./answer.ts";

/** What one provider would bill, and how its calls ended. */
export interface ProviderBooks {
  /** Every request that arrived, whatever became of it. */
  calls: number;
  /** Answered in full. */
  answered: number;
  /** Ended by a fault of the provider. */
  failed: number;
  /** Given up by the client. */
  aborted: number;
  inFlight: number;
  /** Billed. Cached ones are part of the prompt's, reasoning ones of the completion's. */
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  /** Part of the prompt's. */
  cacheWriteTokens: number;
  webSearches: number;
}

export type Ending = "answered" | "failed" | "aborted";

export interface Books {
  /** Opens one call. False: there are too many providers already. */
  open(provider: string): boolean;
  /** Closes it; `billed` is null when nothing was generated. */
  close(provider: string, ending: Ending, billed: Usage | null): void;
  all(): Record<string, ProviderBooks>;
}

/** Names are made up by clients, so there is a limit. */
export const MAX_PROVIDERS = 1_000;

export function openBooks(): Books {
  const providers = new Map<string, ProviderBooks>();
  return {
    open(provider) {
      const books = providers.get(provider) ?? emptyBooks();
      if (books.calls === 0 && providers.size >= MAX_PROVIDERS) return false;
      providers.set(provider, books);
      books.calls += 1;
      books.inFlight += 1;
      return true;
    },
    close(provider, ending, billed) {
      const books = providers.get(provider);
      if (books === undefined) throw new Error(`a call to ${provider} ends that never began`);
      books.inFlight -= 1;
      books[ending] += 1;
      if (billed === null) return;
      books.promptTokens += billed.promptTokens;
      books.cachedTokens += billed.cachedTokens;
      books.completionTokens += billed.completionTokens;
      books.reasoningTokens += billed.reasoningTokens;
      books.cacheWriteTokens += billed.cacheWriteTokens;
      books.webSearches += billed.webSearches;
    },
    all: () => Object.fromEntries([...providers].map(([name, books]) => [name, { ...books }])),
  };
}

function emptyBooks(): ProviderBooks {
  return {
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
}
