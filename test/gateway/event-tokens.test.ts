import { expect, it } from "vitest";
import { eventOf, newDraft } from "../../gateway/request-draft.ts";
import { endAttributes } from "../../gateway/tracing/span-attributes.ts";
import { eventId, requestId } from "../../models/domain/ids.ts";

/** 1,000 tokens of prompt, 600 of them read from the cache; 400 of answer, 150 of them reasoning; each kind priced by itself. */
const tokens = {
  ...{ input: 100, cachedInput: 500, output: 170, reasoning: 150 },
  special: {
    cacheWrite: 200,
    audioInput: 60,
    imageInput: 40,
    cachedAudioInput: 100,
    audioOutput: 80,
    webSearches: 3,
  },
};

it("an event tells every token once, by whether it was read from a cache or thought, whatever kind it is priced as", () => {
  const ids = {
    eventId: eventId.parse("01900000-0000-7000-8000-000000000001"),
    requestId: requestId.parse("01900000-0000-7000-8000-000000000002"),
  };
  const draft = newDraft(ids, { ts: 0, startedMs: 0 });
  draft.tokens = tokens;
  expect(eventOf(draft, 0)).toMatchObject({
    ...{ input_tokens: 400, cached_input_tokens: 600 },
    ...{ output_tokens: 250, reasoning_tokens: 150 },
  });
});

it("a span tells the whole of the prompt, of the answer and of what was read from the cache", () => {
  expect(endAttributes({ outcome: "ok", usage: tokens })).toMatchObject({
    "gen_ai.usage.input_tokens": 1_000,
    "gen_ai.usage.output_tokens": 400,
    "gen_ai.usage.cache_read.input_tokens": 600,
  });
});
