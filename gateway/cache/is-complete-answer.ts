import { z } from "zod";
import { InvalidJsonError, parseJson } from "../../models/domain/json.ts";
import type { ModelRequest } from "../model-request.ts";
import { fieldOf } from "../quality/answer-quality.ts";

const MAX_CHOICES = 128;
/** An answer that was filtered may pass the filter the next time. */
const INCOMPLETE_REASONS: ReadonlySet<string> = new Set(["content_filter", "error"]);
const DONE = "[DONE]";

/** Of the endpoint `responses`: an answer, or the last event of a stream, which has one. */
const response = z.object({ status: z.literal("completed"), error: z.null().optional() });
const lastEvent = z.object({ type: z.literal("response.completed"), response });

/** A vector is a list of numbers, or the base64 of their bytes. */
const vector = z.union([z.string().min(1), z.array(z.number()).min(1)]);
const embedding = z.object({ index: z.number(), embedding: vector });
const embeddings = z.object({ error: z.null().optional(), data: z.array(embedding).min(1) });

export type EndedAnswer =
  /** Parsed, in the endpoint's form. */
  | { readonly kind: "json"; readonly document: unknown }
  /** As it was passed on. */
  | { readonly kind: "stream"; readonly body: Buffer };

/** Every choice has come to its end, and everything can be read: only such an answer may be given to another request. */
export function isCompleteAnswer({ endpoint, body }: ModelRequest, answer: EndedAnswer): boolean {
  const isJson = answer.kind === "json";
  switch (endpoint) {
    case "chat":
      return isJson ? isCompleteChat([answer.document]) : isCompleteStream(dataOf(answer.body));
    case "responses":
      return isJson
        ? response.safeParse(answer.document).success
        : lastEvent.safeParse(parsed(dataOf(answer.body).at(-1) ?? "")).success;
    case "embeddings":
      return isJson && hasEveryVector(answer.document, inputsOf(body.input));
  }
}

function isCompleteStream(parts: string[]): boolean {
  return parts.pop() === DONE && isCompleteChat(parts.map(parsed));
}

/**
 * Parts: a whole answer, or the events of a stream, which may be hundreds and so are looked at without a schema. Some providers say
 * 200 and put an error into the body.
 */
function isCompleteChat(parts: readonly unknown[]): boolean {
  const ended = new Map<number, boolean>();
  for (const part of parts) {
    const choices = given(fieldOf(part, "choices"), []);
    if (!isObject(part) || (fieldOf(part, "error") ?? null) !== null) return false;
    if (!Array.isArray(choices) || choices.length > MAX_CHOICES) return false;
    for (const choice of choices) {
      const reason = fieldOf(choice, "finish_reason") ?? "";
      if (!isObject(choice) || typeof reason !== "string" || INCOMPLETE_REASONS.has(reason)) return false;
      const index = given(fieldOf(choice, "index"), 0);
      if (typeof index !== "number") return false;
      ended.set(index, ended.get(index) === true || reason !== "");
    }
  }
  return ended.size > 0 && [...ended.values()].every(Boolean);
}

function given(value: unknown, otherwise: unknown): unknown {
  return value === undefined ? otherwise : value;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One for each input, and all in one space: as long as each other. */
function hasEveryVector(answer: unknown, inputs: number): boolean {
  const { data: found } = embeddings.safeParse(answer);
  if (found === undefined || found.data.length !== inputs) return false;
  const places = new Set(found.data.map(({ index }) => index));
  const lengths = new Set(found.data.map(({ embedding: { length } }) => length));
  return places.size === inputs && lengths.size === 1;
}

/** A text, tokens, or a list of either. */
function inputsOf(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1;
}

function dataOf(stream: Buffer): string[] {
  return stream
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trim());
}

/** Undefined: it cannot be read. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
    return undefined;
  }
}
