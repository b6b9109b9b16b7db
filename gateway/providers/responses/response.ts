import { z } from "zod";
import type { ResponsesRequest } from "../../../models/domain/parameters/responses-parameters.ts";
import {
  cachedTokensOf,
  inputTokensOf,
  outputTokensOf,
  type TokenUsage,
} from "../../../models/domain/price.ts";
import type { AdapterCall } from "../adapter.ts";

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

export type ResponsesCall = AdapterCall<ResponsesRequest>;

/** An object of `/v1/responses` out of a chat completion; null when it is none. */
export function responseOf(
  answer: unknown,
  { call, usage }: { readonly call: ResponsesCall; readonly usage: TokenUsage | null },
): object | null {
  const parsed = chatAnswer.safeParse(answer);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined) return null;
  const { id, created, model } = parsed.data;
  const head = responseHead({ id, created, model }, call);
  const { content, refusal, tool_calls: calls } = choice.message;
  const output = [
    ...messageItems({ id: head.id, text: content ?? "", refusal: refusal ?? "" }),
    ...(calls ?? []).map((each, at) => callItem({ ...each, ...each.function, responseId: head.id, at })),
  ];
  return finishedResponse(head, { output, finishReason: choice.finish_reason ?? "stop", usage });
}

/** What is the same in every state of a response: its name, and what was asked, as OpenAI repeats it. */
export interface ResponseHead {
  readonly id: string;
  readonly created_at: number;
  readonly model: string;
  readonly instructions: string | null;
  readonly metadata: object;
  readonly parallel_tool_calls: boolean;
  readonly temperature: number;
  readonly top_p: number;
  readonly tool_choice: unknown;
  readonly tools: readonly unknown[];
  readonly max_output_tokens: number;
  readonly text: object;
}

/** What OpenAI takes where the request says nothing (https://platform.openai.com/docs/api-reference/responses/object). */
const DEFAULTS = { temperature: 1, top_p: 1, parallel_tool_calls: true, tool_choice: "auto" } as const;

interface ChatHead {
  readonly id: string | undefined;
  readonly created: number | undefined;
  readonly model: string | undefined;
}

export function responseHead({ id, created, model }: ChatHead, call: ResponsesCall): ResponseHead {
  const { body, nowSeconds, maxOutputTokens } = call;
  return {
    id: `resp_${(id ?? String(nowSeconds)).replace(/^chatcmpl-/, "")}`,
    created_at: created ?? nowSeconds,
    model: model ?? call.model,
    instructions: body.instructions ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? DEFAULTS.parallel_tool_calls,
    temperature: body.temperature ?? DEFAULTS.temperature,
    top_p: body.top_p ?? DEFAULTS.top_p,
    tool_choice: body.tool_choice ?? DEFAULTS.tool_choice,
    tools: body.tools ?? [],
    max_output_tokens: maxOutputTokens,
    text: { ...body.text, format: body.text?.format ?? { type: "text" } },
  };
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
  return { ...head, object: "response", error: null, store: false };
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
