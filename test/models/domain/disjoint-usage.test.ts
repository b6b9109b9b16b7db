import { describe, expect, it } from "vitest";
import { GEMINI_USAGE } from "../../../gateway/providers/gemini/usage.ts";
import { CHAT_USAGE } from "../../../gateway/providers/openai/usage.ts";

describe("a report of more tokens than any call can count", () => {
  const huge = 9_000_000_000_000_000;

  it.each([
    ["a prompt", { prompt_tokens: huge, completion_tokens: 1 }],
    ["an answer", { prompt_tokens: 1, completion_tokens: huge }],
    ["a total", { prompt_tokens: 1, completion_tokens: 1, total_tokens: huge }],
    ["searches", { prompt_tokens: 1, completion_tokens: 1, num_search_queries: huge }],
  ])("says nothing where it is %s in OpenAI's form, since no event could hold its cost", (_what, report) => {
    expect(CHAT_USAGE.parse(report)).toBeNull();
  });

  it("says nothing in Google's form", () => {
    expect(GEMINI_USAGE.parse({ promptTokenCount: 1, candidatesTokenCount: huge })).toBeNull();
  });

  it("does not keep the longest contexts that are sold from being read", () => {
    expect(CHAT_USAGE.parse({ prompt_tokens: 10_000_000, completion_tokens: 1_000_000 })).toEqual({
      input: 10_000_000,
      cachedInput: 0,
      output: 1_000_000,
      reasoning: 0,
    });
  });
});
