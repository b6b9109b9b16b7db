import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHAT_READING } from "../../gateway/providers/openai/chat-reading.ts";
import { RESPONSES_READING } from "../../gateway/providers/openai/responses-reading.ts";
import { sseMeter } from "../../gateway/sse-meter.ts";

const usage = { prompt_tokens: 10, completion_tokens: 5 };
const event = (data: object | string, lineEnd: string) =>
  `data: ${typeof data === "string" ? data : JSON.stringify(data)}${lineEnd}${lineEnd}`;
const text = (content: string, lineEnd: string) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }, lineEnd);

function pass(bytes: Buffer, { hideUsage, readBytes }: { hideUsage: boolean; readBytes: number }) {
  const meter = sseMeter({ hideUsage, reading: CHAT_READING });
  const passed: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += readBytes)
    passed.push(meter.push(bytes.subarray(at, at + readBytes)));
  passed.push(meter.flush());
  return { meter, passed: Buffer.concat(passed).toString("utf8") };
}

describe("a chat stream on its way", () => {
  it("is passed byte for byte in whatever pieces it comes, its usage hidden from who did not ask for it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }), { maxLength: 8 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.integer({ min: 1, max: 200 }),
        (contents, lineEnd, hideUsage, readBytes) => {
          const before = contents.map((content) => text(content, lineEnd)).join("");
          const reported = event({ choices: [], usage }, lineEnd);
          const after = event("[DONE]", lineEnd);
          const { meter, passed } = pass(Buffer.from(before + reported + after), { hideUsage, readBytes });
          expect(passed).toBe(before + (hideUsage ? "" : reported) + after);
          expect(meter.report(true).reported).toEqual({ input: 10, cachedInput: 0, output: 5, reasoning: 0 });
          expect(meter.done()).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is not over because its text says so", () => {
    const { meter } = pass(Buffer.from(text("data: [DONE]", "\n")), { hideUsage: true, readBytes: 999 });
    expect(meter.done()).toBe(false);
  });

  it("is over with a finish reason where the provider sends no [DONE]", () => {
    const last = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }, "\n");
    const { meter } = pass(Buffer.from(text("x", "\n") + last), { hideUsage: true, readBytes: 999 });
    expect(meter.done()).toBe(true);
  });

  it("reads the usage past the events in which it is null, and past white space", () => {
    const empty = event({ choices: [{ index: 0, delta: { content: "x" } }], usage: null }, "\n");
    const spaced = `data: {"choices": [], "usage" : \t{"prompt_tokens": 7, "completion_tokens": 2}}\n\n`;
    const { meter, passed } = pass(Buffer.from(empty + empty + spaced), { hideUsage: true, readBytes: 50 });
    expect(meter.report(true).reported).toEqual({ input: 7, cachedInput: 0, output: 2, reasoning: 0 });
    expect(passed).toBe(empty + empty);
  });

  it("is unfinished where a later report cannot be read, whatever was reported before, and complete where a last one can", () => {
    const before = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage }, "\n");
    const broken = `data: {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 900,}\n\n`;
    const last = event({ choices: [], usage }, "\n");
    const done = event("[DONE]", "\n");
    const endOf = (bytes: string) =>
      pass(Buffer.from(bytes), { hideUsage: true, readBytes: 999 }).meter.report(true).end;
    expect(endOf(before + done)).toBe("complete");
    expect(endOf(before + broken + done)).toBe("unfinished");
    expect(endOf(before + broken + last + done)).toBe("complete");
  });

  it("searches no event twice for the end, however often it is asked on the way", () => {
    let looks = 0;
    const isLast = (document: object): boolean => {
      looks += 1;
      return CHAT_READING.isLast(document);
    };
    const meter = sseMeter({ hideUsage: false, reading: { ...CHAT_READING, isLast } });
    const chunk = event({ choices: [{ index: 0, delta: { content: "x" } }], usage }, "\n");
    for (let count = 1; count <= 100; count += 1) {
      meter.push(Buffer.from(chunk));
      expect(meter.report(true).end).toBe("unfinished");
    }
    meter.push(
      Buffer.from(event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage }, "\n")),
    );
    expect(meter.report(true).end).toBe("complete");
    expect(looks).toBe(101);
  });

  it("is read to its end where each event tells back instructions as long as a body may be", () => {
    const response = { instructions: "x".repeat(4_000_000), usage: null };
    const named = (type: string, more: object) => event({ type, response: { ...response, ...more } }, "\n");
    const bytes =
      named("response.created", {}) +
      named("response.in_progress", {}) +
      named("response.completed", { usage: { input_tokens: 7, output_tokens: 2 } });
    const meter = sseMeter({ hideUsage: true, reading: RESPONSES_READING });
    const all = Buffer.from(bytes);
    for (let at = 0; at < all.length; at += 65_536) meter.push(all.subarray(at, at + 65_536));
    meter.flush();
    expect(meter.done()).toBe(true);
    expect(meter.report(true)).toEqual({
      end: "complete",
      reported: { input: 7, cachedInput: 0, output: 2, reasoning: 0 },
    });
  });

  it("reads a usage event that is written over several data lines", () => {
    const lines = `data: {"choices": [], "usage":\ndata: {"prompt_tokens": 7, "completion_tokens": 2}}\n\n`;
    const { meter, passed } = pass(Buffer.from(lines), { hideUsage: true, readBytes: 500 });
    expect(meter.report(true).reported).toEqual({ input: 7, cachedInput: 0, output: 2, reasoning: 0 });
    expect(passed).toBe("");
  });

  it("has no usage where none is reported, nor where all of it is zero: no prompt is empty", () => {
    expect(
      pass(Buffer.from(text("x", "\n")), { hideUsage: true, readBytes: 9 }).meter.report(true).reported,
    ).toBeNull();
    const zero = event({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } }, "\n");
    const { meter } = pass(Buffer.from(zero), { hideUsage: true, readBytes: 9 });
    expect(meter.report(true).reported).toBeNull();
  });
});
