import { describe, expect, it } from "vitest";
import { perplexityAdapter } from "../../../gateway/providers/perplexity-adapter.ts";
import { sseMeter } from "../../../gateway/sse-meter.ts";
import { readUsage } from "../../../gateway/usage-report.ts";
import { callWith } from "./adapter-call.ts";

const chat = perplexityAdapter.endpoints.chat;
if (chat === undefined) throw new Error("there is no chat");

const chunk = (content: string, completion_tokens: number, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({
    citations: ["https://example.com"],
    usage: { prompt_tokens: 7, completion_tokens, total_tokens: 7 + completion_tokens },
    choices: [{ index: 0, delta: { content }, finish_reason }],
  })}\r\n\r\n`;

describe("Perplexity", () => {
  it("answers with its citations untouched", () => {
    expect(chat.mapResponse({ choices: [], citations: ["https://example.com"] }, callWith({}))).toEqual({
      body: null,
    });
    expect(chat.mapStream(callWith({ stream: true }))).toBeNull();
  });

  it("counts what deep research has read by itself, and its reasoning beside the completion", () => {
    const usage = { prompt_tokens: 33, completion_tokens: 70, citation_tokens: 1_000, reasoning_tokens: 500 };
    expect(readUsage(chat.usage, { usage })).toEqual({
      input: 33,
      cachedInput: 0,
      output: 70,
      reasoning: 500,
      special: { citations: 1_000 },
    });
    expect(readUsage(chat.usage, {})).toBeNull();
  });

  it("streams the usage so far with each chunk: the last one counts, and nothing is hidden", () => {
    const meter = sseMeter({ hideUsage: true, reading: chat.reading });
    const text = chunk("a", 1) + chunk("b", 2, "stop");
    expect(meter.push(Buffer.from(text)).toString()).toBe(text);
    expect(meter.report(true)).toEqual({
      end: "complete",
      reported: { input: 7, cachedInput: 0, output: 2, reasoning: 0 },
    });
  });

  it("ends without [DONE]: a finish reason says that the answer is complete, its lack that it was cut", () => {
    const whole = sseMeter({ hideUsage: true, reading: chat.reading });
    whole.push(Buffer.from(chunk("a", 1) + chunk("b", 2, "stop")));
    expect(whole.done()).toBe(true);
    const cut = sseMeter({ hideUsage: true, reading: chat.reading });
    cut.push(Buffer.from(chunk("a", 1)));
    expect(cut.done()).toBe(false);
  });
});
