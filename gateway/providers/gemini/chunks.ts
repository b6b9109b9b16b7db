import type { AnswerContext } from "../adapter.ts";
import { eventText, type StreamMapper } from "../map-stream.ts";
import { blockedMessage, finishReason, textOf, toolCallsOf } from "./choice.ts";
import { type Candidate, type GeminiAnswer, geminiAnswer } from "./gemini-answer.ts";
import { chatUsage } from "./usage.ts";

interface ChoiceState {
  calls: number;
  isFinished: boolean;
}

/**
 * `chat.completion.chunk`s out of Gemini's stream. Each of its events has the usage so far; what it comes to goes into a chunk of its
 * own at the end, as OpenAI sends it. A stream that ends before every choice has a finish reason gets no `[DONE]`: it was cut.
 */
export function chatChunks(call: AnswerContext): StreamMapper {
  const choices = new Map<number, ChoiceState>();
  let common: object | null = null;
  let id = String(call.nowSeconds);

  const chunk = (fields: object): string =>
    eventText({ ...common, object: "chat.completion.chunk", created: call.nowSeconds, ...fields });
  const begin = (answer: GeminiAnswer): void => {
    if (common !== null) return;
    id = answer.responseId ?? id;
    common = { id: `chatcmpl-${id}`, model: answer.modelVersion ?? call.model };
  };
  const choice = (candidate: Candidate): string => {
    const { index, finishReason: reason } = candidate;
    const state = choices.get(index) ?? { calls: 0, isFinished: false };
    const calls = toolCallsOf(candidate, id, state.calls);
    const text = textOf(candidate);
    const delta = {
      ...(choices.has(index) ? {} : { role: "assistant" }),
      ...(text === null ? {} : { content: text }),
      ...(calls.length === 0
        ? {}
        : { tool_calls: calls.map((made, at) => ({ index: state.calls + at, ...made })) }),
    };
    state.calls += calls.length;
    choices.set(index, state);
    if (reason === undefined) return chunk({ choices: [{ index, delta, finish_reason: null }] });
    state.isFinished = true;
    const finish_reason = finishReason(reason, state.calls > 0);
    return (
      (Object.keys(delta).length === 0 ? "" : chunk({ choices: [{ index, delta, finish_reason: null }] })) +
      chunk({ choices: [{ index, delta: {}, finish_reason }] })
    );
  };
  const blocked = (answer: GeminiAnswer): string => {
    choices.set(0, { calls: 0, isFinished: true });
    const delta = { role: "assistant", refusal: blockedMessage(answer) };
    return (
      chunk({ choices: [{ index: 0, delta, finish_reason: null }] }) +
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: "content_filter" }] })
    );
  };

  return {
    event(document) {
      if ("error" in document) return eventText({ error: document.error });
      const parsed = geminiAnswer.safeParse(document);
      if (!parsed.success) return "";
      begin(parsed.data);
      const { candidates, promptFeedback } = parsed.data;
      if (candidates.length === 0 && promptFeedback?.blockReason !== undefined) return blocked(parsed.data);
      return candidates.map(choice).join("");
    },
    end(usage) {
      const reported = usage === null ? "" : chunk({ choices: [], usage: chatUsage(usage) });
      const isComplete = choices.size > 0 && [...choices.values()].every(({ isFinished }) => isFinished);
      return isComplete ? reported + eventText("[DONE]") : reported;
    },
  };
}
