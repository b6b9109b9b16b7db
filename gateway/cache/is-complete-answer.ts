import { z } from "zod";
import type { Endpoint } from "../model-request.ts";
import type { CachedAnswer } from "./cached-answer.ts";

const choice = z.object({ index: z.number().default(0), finish_reason: z.string().nullish() });
/** A whole answer, or one event of a stream. Some providers say 200 and put an error into the body. */
const part = z.looseObject({ error: z.null().optional(), choices: z.array(choice).max(128).optional() });

/** An answer that was filtered may pass the filter the next time. */
const INCOMPLETE_REASONS: ReadonlySet<string> = new Set(["content_filter", "error"]);
const DONE = "[DONE]";

/** Of the endpoint `responses`: an answer, or the last event of a stream, which has one. */
const response = z.object({ status: z.literal("completed"), error: z.null().optional() });
const lastEvent = z.object({ type: z.literal("response.completed"), response });

export interface EndedAnswer extends Pick<CachedAnswer, "kind" | "body"> {
  readonly endpoint: Endpoint;
}

/** Every choice has come to its end, and everything can be read: only such an answer may be given to another request. */
export function isCompleteAnswer({ endpoint, kind, body }: EndedAnswer): boolean {
  const text = body.toString("utf8");
  if (endpoint === "chat") return isCompleteChat(kind, text);
  if (endpoint !== "responses") return false;
  if (kind === "json") return parse(text, response) !== null;
  return parse(dataOf(text).at(-1) ?? "", lastEvent) !== null;
}

function isCompleteChat(kind: CachedAnswer["kind"], text: string): boolean {
  const parts = kind === "json" ? [text] : dataOf(text);
  if (kind === "stream" && parts.pop() !== DONE) return false;
  const ended = new Map<number, boolean>();
  for (const one of parts) {
    const parsed = parse(one, part);
    if (parsed === null) return false;
    for (const { index, finish_reason: reason } of parsed.choices ?? []) {
      if (reason !== null && reason !== undefined && INCOMPLETE_REASONS.has(reason)) return false;
      ended.set(index, ended.get(index) === true || (reason ?? "") !== "");
    }
  }
  return ended.size > 0 && [...ended.values()].every(Boolean);
}

function dataOf(stream: string): string[] {
  return stream
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trim());
}

function parse<T>(text: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
