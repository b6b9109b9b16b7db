import {
  type AnswerQuality,
  type AnswerWish,
  fieldOf,
  isText,
  judge,
  listOf,
  NOTHING_WRONG,
  unseenAnswer,
} from "./answer-quality.ts";
import type { PassedDocuments } from "./passed-documents.ts";

/** Chat's word for why a response is incomplete. */
const REASONS: Readonly<Record<string, string | undefined>> = {
  max_output_tokens: "length",
  content_filter: "content_filter",
};

/** Of an object of `/v1/responses`. */
export function responseQuality(response: unknown, { wantsJson }: AnswerWish): AnswerQuality {
  const answer = unseenAnswer();
  for (const item of listOf(fieldOf(response, "output"))) {
    const type = fieldOf(item, "type");
    if (type === "function_call" || type === "custom_tool_call") answer.callsTools = true;
    for (const part of type === "message" ? listOf(fieldOf(item, "content")) : []) {
      const text = fieldOf(part, "text");
      if (fieldOf(part, "type") === "output_text" && isText(text)) answer.text += text;
      answer.refused ||= isText(fieldOf(part, "refusal"));
    }
  }
  const why = fieldOf(fieldOf(response, "incomplete_details"), "reason");
  answer.reason = typeof why === "string" ? (REASONS[why] ?? "") : "";
  return judge([answer], wantsJson);
}

/** The last event of a stream has the response as a whole. */
export function responseStreamQuality(
  { reported, backward }: PassedDocuments,
  wish: AnswerWish,
): AnswerQuality {
  for (const document of reported === null ? backward() : [reported]) {
    const response = fieldOf(document, "response");
    if (Array.isArray(fieldOf(response, "output"))) return responseQuality(response, wish);
  }
  return NOTHING_WRONG;
}
