import { durationText } from "../models/policy/request-allowance.ts";
import type { RequestDraft } from "./request-draft.ts";

/** What OpenAI's clients read, names and values in turn: the requests that the user has left of the limit that is reached first, and when it resets. */
export function rateLimitHeaders({ allowance, ts }: Pick<RequestDraft, "allowance" | "ts">): string[] {
  if (allowance === null) return [];
  return [
    "x-ratelimit-limit-requests",
    String(allowance.limit),
    "x-ratelimit-remaining-requests",
    String(allowance.remaining),
    "x-ratelimit-reset-requests",
    durationText(allowance.resetsAtMs - ts),
  ];
}
