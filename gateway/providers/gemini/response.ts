import { readUsage } from "../../usage-report.ts";
import type { AnswerContext, MappedResponse } from "../adapter.ts";
import { blockedMessage, finishReason, textOf, toolCallsOf } from "./choice.ts";
import { type Candidate, type GeminiAnswer, geminiAnswer } from "./gemini-answer.ts";
import { chatUsage, GEMINI_USAGE } from "./usage.ts";

/** An OpenAI `chat.completion`; null when the provider's answer is none. */
export function chatCompletion(answer: unknown, call: AnswerContext): MappedResponse | null {
  const parsed = geminiAnswer.safeParse(answer);
  if (!parsed.success || isEmpty(parsed.data)) return null;
  const { candidates, modelVersion, responseId } = parsed.data;
  const usage = readUsage(GEMINI_USAGE, answer);
  const id = responseId ?? String(call.nowSeconds);
  const choices =
    candidates.length === 0 ? [blocked(parsed.data)] : candidates.map((candidate) => choiceOf(candidate, id));
  return {
    body: {
      id: `chatcmpl-${id}`,
      object: "chat.completion",
      created: call.nowSeconds,
      model: modelVersion ?? call.model,
      choices,
      ...(usage === null ? {} : { usage: chatUsage(usage) }),
    },
  };
}

/** `{}` and the like: JSON, but no answer of this interface. */
function isEmpty({ candidates, promptFeedback, usageMetadata }: GeminiAnswer): boolean {
  return candidates.length === 0 && promptFeedback === undefined && usageMetadata === undefined;
}

function choiceOf(candidate: Candidate, id: string): object {
  const calls = toolCallsOf(candidate, id);
  return {
    index: candidate.index,
    message: {
      role: "assistant",
      content: textOf(candidate) ?? (calls.length === 0 ? "" : null),
      refusal: null,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: finishReason(candidate.finishReason ?? "STOP", calls.length > 0),
  };
}

function blocked(answer: GeminiAnswer): object {
  const message = { role: "assistant", content: null, refusal: blockedMessage(answer) };
  return { index: 0, message, logprobs: null, finish_reason: "content_filter" };
}
