import { rateLimitHeaders } from "./rate-limit-headers.ts";
import type { RequestDraft } from "./request-draft.ts";

/** What every answer of a model says about itself: names and values in turn, which Node writes as they are. */
export function answerHeaders(draft: RequestDraft, provider = draft.provider): string[] {
  return [
    "x-vigor-request-id",
    draft.requestId,
    // Official clients show it as the answer's `_request_id`.
    "x-request-id",
    draft.requestId,
    "x-vigor-provider",
    provider,
    "x-vigor-cache",
    draft.cacheStatus,
    "x-vigor-tier",
    draft.tier,
    ...rateLimitHeaders(draft),
  ];
}
