import { InvalidJsonError, parseJson } from "../../models/domain/json.ts";
import type { RequestBody } from "../model-request.ts";

/** What shows of an answer's quality without a rating, and without keeping it. Independent of each other. */
export interface AnswerQuality {
  /** It stopped at the output limit. */
  readonly cutOff: boolean;
  /** No text, no refusal, no call of a tool. */
  readonly empty: boolean;
  /** The model said that it would not. */
  readonly refused: boolean;
  /** The provider's filter took it away, or a part of it. */
  readonly filtered: boolean;
  /** JSON was asked for, and the text is none. Whether it fits a schema is not looked at. */
  readonly invalidJson: boolean;
}

export const NOTHING_WRONG: AnswerQuality = {
  cutOff: false,
  empty: false,
  refused: false,
  filtered: false,
  invalidJson: false,
};

/** What of a request its answer is judged by. */
export interface AnswerWish {
  readonly wantsJson: boolean;
  /** Answers asked for (`n`). */
  readonly choices: number;
}

export function wishOf(body: RequestBody): AnswerWish {
  const format = body.response_format ?? fieldOf(body.text, "format");
  const kind = fieldOf(format, "type");
  return {
    wantsJson: kind === "json_object" || kind === "json_schema",
    choices: typeof body.n === "number" ? body.n : 1,
  };
}

/** What is known of one of a request's answers. */
export interface SeenAnswer {
  /** Of its text as much as was read. */
  text: string;
  refused: boolean;
  callsTools: boolean;
  /** Why it ended: `length` and `content_filter` are looked for. */
  reason: string;
}

export function unseenAnswer(): SeenAnswer {
  return { text: "", refused: false, callsTools: false, reason: "" };
}

/** Of all answers to one request: what is wrong with one of them is wrong with the request's; it is empty when all of them are. */
export function judge(answers: readonly SeenAnswer[], wantsJson: boolean): AnswerQuality {
  let [cutOff, empty, refused, filtered, invalidJson] = [false, true, false, false, false];
  for (const answer of answers) {
    cutOff ||= answer.reason === "length";
    filtered ||= answer.reason === "content_filter";
    refused ||= answer.refused;
    empty &&= isSilent(answer);
    invalidJson ||= wantsJson && answer.text !== "" && !isJson(answer.text);
  }
  return { cutOff, empty, refused, filtered, invalidJson };
}

/** Nothing was said, and nothing done. */
export function isSilent({ text, refused, callsTools }: SeenAnswer): boolean {
  return text === "" && !refused && !callsTools;
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidJsonError) return false;
    throw error;
  }
}

/** Of an answer, or of an event of a stream that may hold one. */
export function modelIn(document: unknown): string {
  const model = fieldOf(document, "model") ?? fieldOf(fieldOf(document, "response"), "model");
  return typeof model === "string" ? model : "";
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
