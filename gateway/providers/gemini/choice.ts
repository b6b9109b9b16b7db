import type { Candidate, GeminiAnswer } from "./gemini-answer.ts";

type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

const FILTERED: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "LANGUAGE",
]);

export function finishReason(reason: string, hasCalls: boolean): FinishReason {
  if (FILTERED.has(reason)) return "content_filter";
  if (reason === "MAX_TOKENS") return "length";
  return hasCalls ? "tool_calls" : "stop";
}

/** Null: the model said nothing, or called a tool only. */
export function textOf({ content }: Candidate): string | null {
  const texts = (content?.parts ?? []).flatMap(({ text, thought }) => (thought === true ? [] : (text ?? [])));
  return texts.length === 0 ? null : texts.join("");
}

export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: object;
}

/** Gemini names no calls, but an answer to one must name it. */
export function toolCallsOf({ index, content }: Candidate, answerId: string, from = 0): ToolCall[] {
  const calls = (content?.parts ?? []).filter(({ functionCall }) => functionCall !== undefined);
  return calls.flatMap(({ functionCall, thoughtSignature }, at) =>
    functionCall === undefined
      ? []
      : [
          {
            id: functionCall.id ?? `call_${answerId}_${index}_${from + at}`,
            type: "function",
            function: { name: functionCall.name, arguments: JSON.stringify(functionCall.args ?? {}) },
            ...(thoughtSignature === undefined
              ? {}
              : { extra_content: { google: { thought_signature: thoughtSignature } } }),
          },
        ],
  );
}

/** A prompt that was blocked has no candidates: the caller gets a refusal, as OpenAI's clients know it. */
export function blockedMessage({ promptFeedback }: GeminiAnswer): string {
  return `The prompt was blocked${promptFeedback?.blockReason === undefined ? "" : ` (${promptFeedback.blockReason})`}.`;
}
