import { chatStreamQuality } from "../../quality/chat-quality.ts";
import type { StreamReading } from "../../stream-reading.ts";
import { tokenUsageOf } from "../../token-usage.ts";

/** A stream of `chat.completion.chunk`s. */
export const CHAT_READING: StreamReading = {
  endHints: [Buffer.from("[DONE]")],
  isEnd: (data) => data === "[DONE]",
  isLast: (document) => choicesOf(document).some(isFinished),
  usageIn(document) {
    const usage = "usage" in document ? tokenUsageOf(document.usage) : null;
    return usage === null ? null : { usage, isAlone: choicesOf(document).length === 0 };
  },
  generatedBytesIn: (document) =>
    choicesOf(document).reduce<number>((sum, choice) => sum + textBytes(deltaOf(choice)), 0),
  qualityOf: chatStreamQuality,
};

function choicesOf(document: object): readonly unknown[] {
  return "choices" in document && Array.isArray(document.choices) ? document.choices : [];
}

function isFinished(choice: unknown): boolean {
  return (
    choice !== null &&
    typeof choice === "object" &&
    "finish_reason" in choice &&
    typeof choice.finish_reason === "string"
  );
}

function deltaOf(choice: unknown): unknown {
  return choice !== null && typeof choice === "object" && "delta" in choice ? choice.delta : undefined;
}

/** Bytes of all text in a delta: content, refusal, reasoning and the arguments of tool calls, but for the role. */
function textBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textBytes(item), 0);
  if (value === null || typeof value !== "object") return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => (key === "role" ? sum : sum + textBytes(item)),
    0,
  );
}
