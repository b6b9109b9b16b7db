import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHAT_READING } from "../../../gateway/providers/openai/chat-reading.ts";
import { chatQuality } from "../../../gateway/quality/chat-quality.ts";
import { sseMeter } from "../../../gateway/sse-meter.ts";

interface Said {
  readonly content?: string;
  readonly refusal?: string;
  readonly tool_calls?: readonly object[];
}

const chunk = (delta: object, finish_reason: string | null) =>
  `data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

const said: fc.Arbitrary<readonly Said[]> = fc.oneof(
  fc.array(fc.string({ unit: "grapheme", minLength: 1 }).map((content) => ({ content }))),
  fc.array(fc.string({ minLength: 1 }).map((refusal) => ({ refusal }))),
  fc.constant([{ tool_calls: [{ index: 0, id: "1", function: { name: "plan", arguments: "{}" } }] }]),
);
const reason = fc.constantFrom("stop", "length", "content_filter", "tool_calls");

/** The stream's bytes, in reads of any length. */
function qualityOf(bytes: Buffer, readBytes: number, wantsJson: boolean) {
  const meter = sseMeter({ hideUsage: true, reading: CHAT_READING });
  for (let at = 0; at < bytes.length; at += readBytes) meter.push(bytes.subarray(at, at + readBytes));
  meter.flush();
  return meter.quality({ wantsJson, choices: 1 });
}

describe("what shows of a streamed answer", () => {
  it("is what shows of the same answer as one document, in whatever pieces it comes", () => {
    fc.assert(
      fc.property(
        said,
        reason,
        fc.boolean(),
        fc.integer({ min: 20, max: 400 }),
        (deltas, finish_reason, wantsJson, readBytes) => {
          const opening = chunk({ role: "assistant", content: "", refusal: null }, null);
          const events = [opening, ...deltas.map((delta) => chunk(delta, null)), chunk({}, finish_reason)];
          const usage = `data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n`;
          const bytes = Buffer.from(`${events.join("")}${usage}data: [DONE]\n\n`);
          const message = {
            content: deltas.map(({ content = "" }) => content).join(""),
            refusal: deltas.map(({ refusal = "" }) => refusal).join("") || null,
            tool_calls: deltas.flatMap(({ tool_calls = [] }) => tool_calls),
          };
          const whole = { choices: [{ index: 0, message, finish_reason }] };
          expect(qualityOf(bytes, readBytes, wantsJson)).toEqual(
            chatQuality(whole, { wantsJson, choices: 1 }),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("of a very long one is not that it is empty, though its beginning is not kept", () => {
    const long = Array.from({ length: 90 }, () => chunk({ content: "x".repeat(50_000) }, null)).join("");
    const bytes = Buffer.from(`${long}${chunk({}, "length")}data: [DONE]\n\n`);
    expect(qualityOf(bytes, 65_536, false)).toMatchObject({ empty: false, cutOff: true });
  });
});
