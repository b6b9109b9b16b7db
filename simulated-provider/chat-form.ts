import { type Answer, type Choice, usageBody } from "./answer.ts";
import type { AnswerForm } from "./answer-form.ts";
import { framesOf } from "./frames.ts";

/** OpenAI's `chat.completion`, and its chunks. */
export const chatForm: AnswerForm = { body: completionBody, frames: framesOf };

function completionBody(answer: Answer, withUsage: boolean): string {
  return JSON.stringify({
    id: answer.id,
    object: "chat.completion",
    created: answer.createdAtSeconds,
    model: answer.model,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: messageBody(choice),
      logprobs: null,
      finish_reason: choice.finishReason,
    })),
    ...(withUsage ? { usage: usageBody(answer.usage) } : {}),
    service_tier: "default",
    system_fingerprint: "fp_simulated",
  });
}

function messageBody({ content: { text }, toolCall, isRefusal }: Choice): object {
  const common = { role: "assistant", refusal: null, annotations: [] };
  if (isRefusal) return { ...common, content: null, refusal: text };
  if (toolCall === null) return { ...common, content: text };
  const call = { id: toolCall.id, type: "function", function: { name: toolCall.name, arguments: text } };
  return { ...common, content: null, tool_calls: [call] };
}
