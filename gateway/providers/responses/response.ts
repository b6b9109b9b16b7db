import { z } from "zod";
import {
  cachedTokensOf,
  inputTokensOf,
  outputTokensOf,
  type TokenUsage,
} from "../../../models/domain/price.ts";
import type { AnswerContext } from "../adapter.ts";

const toolCall = z.object({
  id: z.string(),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const chatAnswer = z.looseObject({
  id: z.string().optional(),
  created: z.number().optional(),
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(toolCall).nullish(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
});

/** An object of `/v1/responses` out of a chat completion; null when it is none. */
export function responseOf(
  answer: unknown,
  { call, usage }: { readonly call: AnswerContext; readonly usage: TokenUsage | null },
): object | null {
  const parsed = chatAnswer.safeParse(answer);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined) return null;
  const { id, created, model } = parsed.data;
  const head: ResponseHead = {
    id: responseId(id, call),
    created_at: created ?? call.nowSeconds,
    model: model ?? call.model,
  };
  const { content, refusal, tool_calls: calls } = choice.message;
  const output = [
    ...messageItems({ id: head.id, text: content ?? "", refusal: refusal ?? "" }),
    ...(calls ?? []).map((each, at) => callItem({ ...each, ...each.function, responseId: head.id, at })),
  ];
  return finishedResponse(head, { output, finishReason: choice.finish_reason ?? "stop", usage });
}

export interface ResponseHead {
  readonly id: string;
  readonly created_at: number;
  readonly model: string;
}

export function responseId(chatId: string | undefined, call: AnswerContext): string {
  return `resp_${(chatId ?? String(call.nowSeconds)).replace(/^chatcmpl-/, "")}`;
}

export function begunResponse(head: ResponseHead): object {
  return { ...frameOf(head), status: "in_progress", incomplete_details: null, output: [], usage: null };
}

export function finishedResponse(
  head: ResponseHead,
  {
    output,
    finishReason,
    usage,
  }: { readonly output: readonly object[]; readonly finishReason: string; readonly usage: TokenUsage | null },
): object {
  const reason = INCOMPLETE[finishReason];
  return {
    ...frameOf(head),
    status: reason === undefined ? "completed" : "incomplete",
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage: responseUsage(usage),
  };
}

export const INCOMPLETE: Readonly<Record<string, string | undefined>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

function frameOf(head: ResponseHead): object {
  return { ...head, object: "response", error: null, parallel_tool_calls: true, store: false };
}

interface MessageParts {
  /** Of the response. */
  readonly id: string;
  readonly text: string;
  readonly refusal: string;
}

/** None when nothing was said. */
export function messageItems({ id, text, refusal }: MessageParts): object[] {
  const content = [
    ...(text === "" ? [] : [textPart(text)]),
    ...(refusal === "" ? [] : [{ type: "refusal", refusal }]),
  ];
  return content.length === 0 ? [] : [messageItem(id, content)];
}

export function messageItem(responseId: string, content: readonly object[], status = "completed"): object {
  return { id: messageId(responseId), type: "message", role: "assistant", status, content };
}

export function messageId(responseId: string): string {
  return responseId.replace(/^resp_/, "msg_");
}

export function textPart(text: string): object {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  readonly responseId: string;
  readonly at: number;
}

export function callItem({ id, name, arguments: args, responseId, at }: Call, status = "completed"): object {
  return {
    id: callItemId(responseId, at),
    type: "function_call",
    call_id: id,
    name,
    arguments: args,
    status,
  };
}

export function callItemId(responseId: string, at: number): string {
  return `${responseId.replace(/^resp_/, "fc_")}_${at}`;
}

function responseUsage(usage: TokenUsage | null): object | null {
  if (usage === null) return null;
  const input_tokens = inputTokensOf(usage);
  const output_tokens = outputTokensOf(usage);
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: cachedTokensOf(usage) },
    output_tokens,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input_tokens + output_tokens,
  };
}
