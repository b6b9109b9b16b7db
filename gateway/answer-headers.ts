import { rateLimitHeaders } from "./rate-limit-headers.ts";
import type { RequestDraft } from "./request-draft.ts";

/** What every answer of a model says about itself. */
export function answerHeaders(draft: RequestDraft, provider = draft.provider): Record<string, string> {
  return {
    "x-vigor-provider": provider,
    "x-vigor-cache": draft.cacheStatus,
    "x-vigor-tier": draft.tier,
    ...rateLimitHeaders(draft),
  };
}
