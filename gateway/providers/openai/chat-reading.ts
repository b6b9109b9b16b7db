import { chatStreamQuality } from "../../quality/chat-quality.ts";
import type { StreamReading } from "../../stream-reading.ts";
import { CHAT_USAGE } from "./usage.ts";

/** A stream of `chat.completion.chunk`s. */
export const CHAT_READING: StreamReading = {
  endHints: [Buffer.from("[DONE]")],
  isEnd: (data) => data === "[DONE]",
  isLast: (document) => choicesOf(document).some(isFinished),
  usage: CHAT_USAGE,
  carriesNothingElse: hasNoChoices,
  isLastReport: hasNoChoices,
  qualityOf: chatStreamQuality,
};

function hasNoChoices(document: object): boolean {
  return choicesOf(document).length === 0;
}

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
