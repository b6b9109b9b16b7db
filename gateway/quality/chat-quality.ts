import {
  type AnswerQuality,
  type AnswerWish,
  fieldOf,
  isSilent,
  isText,
  judge,
  listOf,
  type SeenAnswer,
  unseenAnswer,
} from "./answer-quality.ts";
import type { PassedDocuments } from "./passed-documents.ts";

/** Of a `chat.completion`. */
export function chatQuality(answer: unknown, { wantsJson }: AnswerWish): AnswerQuality {
  return judge(
    listOf(fieldOf(answer, "choices")).map((choice) => see(unseenAnswer(), choice, "message")),
    wantsJson,
  );
}

/**
 * Of the chunks of a stream. Whether one answer says something or refuses shows at its beginning, why it ended at its end; so the
 * middle is read only where all of the text matters, or where there are several answers.
 */
export function chatStreamQuality(
  { forward, backward }: PassedDocuments,
  { wantsJson, choices }: AnswerWish,
): AnswerQuality {
  if (wantsJson || choices > 1) return judge(readWhole(forward()), wantsJson);
  const answer = unseenAnswer();
  for (const document of forward()) {
    seeChunk(answer, document);
    if (!isSilent(answer)) break;
  }
  for (const document of backward()) {
    if (answer.reason !== "") break;
    seeChunk(answer, document);
  }
  return judge([answer], wantsJson);
}

function seeChunk(answer: SeenAnswer, document: object): void {
  for (const choice of listOf(fieldOf(document, "choices"))) see(answer, choice, "delta");
}

function readWhole(documents: Iterable<object>): SeenAnswer[] {
  const answers = new Map<unknown, SeenAnswer>();
  for (const document of documents) {
    for (const choice of listOf(fieldOf(document, "choices"))) {
      const index = fieldOf(choice, "index");
      const answer = answers.get(index) ?? unseenAnswer();
      answers.set(index, see(answer, choice, "delta"));
    }
  }
  return [...answers.values()];
}

function see(answer: SeenAnswer, choice: unknown, part: "message" | "delta"): SeenAnswer {
  const said = fieldOf(choice, part);
  answer.text += textOf(fieldOf(said, "content"));
  answer.refused ||= isText(fieldOf(said, "refusal"));
  answer.callsTools ||=
    listOf(fieldOf(said, "tool_calls")).length > 0 || isFilled(fieldOf(said, "function_call"));
  const reason = fieldOf(choice, "finish_reason");
  if (isText(reason)) answer.reason = reason;
  return answer;
}

/** A text, or parts of one. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => fieldOf(part, "text"))
    .filter(isText)
    .join("");
}

function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
