import type { Answer, Choice, Usage } from "../answer.ts";
import type { AnswerForm } from "../answer-form.ts";
import type { Frame, FrameOptions } from "../frames.ts";
import { countLongest, sliceTokens } from "../token-text.ts";

/** OpenAI's `response`, and the events of its stream. It has one choice. */
export const responseForm: AnswerForm = {
  body: (answer, withUsage) => JSON.stringify(responseOf(answer, "done", withUsage)),
  frames,
};

function* frames(answer: Answer, { includeUsage, drawChunkTokens }: FrameOptions): Generator<Frame> {
  const [choice] = answer.choices;
  if (choice === undefined) return;
  let sequence_number = 0;
  const frame = (type: string, fields: object, tokens: number): Frame => ({
    text: `event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: sequence_number++ })}\n\n`,
    tokens,
  });
  const begun = responseOf(answer, "begun", false);
  yield frame("response.created", { response: begun }, 0);
  yield frame("response.in_progress", { response: begun }, 0);
  const place = { item_id: itemId(answer, choice), output_index: 0 };
  yield frame("response.output_item.added", { output_index: 0, item: itemOf(answer, choice, "begun") }, 0);
  const longest = countLongest(answer.choices);
  const isCall = choice.toolCall !== null;
  const at = isCall ? place : { ...place, content_index: 0 };
  const name = isCall ? "response.function_call_arguments" : `response.${partType(choice)}`;
  if (!isCall) yield frame("response.content_part.added", { ...at, part: partOf(choice, "") }, 0);
  for (let from = 0; from < longest; ) {
    const to = Math.min(from + drawChunkTokens(), longest);
    yield frame(`${name}.delta`, { ...at, delta: sliceTokens(choice.content, from, to) }, to);
    from = to;
  }
  const { text } = choice.content;
  yield frame(`${name}.done`, { ...at, ...(isCall ? { arguments: text } : partText(choice, text)) }, longest);
  if (!isCall) yield frame("response.content_part.done", { ...at, part: partOf(choice, text) }, longest);
  yield frame(
    "response.output_item.done",
    { output_index: 0, item: itemOf(answer, choice, "done") },
    longest,
  );
  const response = responseOf(answer, "done", includeUsage);
  const end = INCOMPLETE[choice.finishReason] === null ? "response.completed" : "response.incomplete";
  yield frame(end, { response }, longest);
}

type Progress = "begun" | "done";

function responseOf(answer: Answer, progress: Progress, withUsage: boolean): object {
  const isDone = progress === "done";
  const [reason = null] = answer.choices.flatMap(({ finishReason }) => INCOMPLETE[finishReason] ?? []);
  const isCut = reason !== null;
  return {
    id: answer.id.replace(/^chatcmpl-/, "resp_"),
    object: "response",
    created_at: answer.createdAtSeconds,
    status: isDone ? (isCut ? "incomplete" : "completed") : "in_progress",
    error: null,
    incomplete_details: isDone && isCut ? { reason } : null,
    model: answer.model,
    output: isDone ? answer.choices.map((choice) => itemOf(answer, choice, "done")) : [],
    usage: isDone && withUsage ? usageOf(answer.usage) : null,
  };
}

function itemId({ id }: Answer, { toolCall }: Choice): string {
  return id.replace(/^chatcmpl-/, toolCall === null ? "msg_" : "fc_");
}

function itemOf(answer: Answer, choice: Choice, progress: Progress): object {
  const isDone = progress === "done";
  const common = { id: itemId(answer, choice), status: isDone ? "completed" : "in_progress" };
  const { toolCall, content } = choice;
  if (toolCall === null)
    return {
      ...common,
      type: "message",
      role: "assistant",
      content: isDone ? [partOf(choice, content.text)] : [],
    };
  const { id, name } = toolCall;
  return { ...common, type: "function_call", call_id: id, name, arguments: isDone ? content.text : "" };
}

/** Null: it is complete. */
const INCOMPLETE = {
  stop: null,
  tool_calls: null,
  length: "max_output_tokens",
  content_filter: "content_filter",
} satisfies Record<Choice["finishReason"], string | null>;

function partOf(choice: Choice, text: string): object {
  const said = { type: partType(choice), ...partText(choice, text) };
  return choice.isRefusal ? said : { ...said, annotations: [], logprobs: [] };
}

function partType({ isRefusal }: Choice): "refusal" | "output_text" {
  return isRefusal ? "refusal" : "output_text";
}

function partText({ isRefusal }: Choice, text: string): object {
  return isRefusal ? { refusal: text } : { text };
}

function usageOf(usage: Usage): object {
  const { promptTokens, cachedTokens, completionTokens, reasoningTokens, cacheWriteTokens, webSearches } =
    usage;
  return {
    input_tokens: promptTokens,
    input_tokens_details: {
      cached_tokens: cachedTokens,
      ...(cacheWriteTokens === 0 ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    ...(webSearches === 0 ? {} : { server_tool_use: { web_search_requests: webSearches } }),
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  };
}
