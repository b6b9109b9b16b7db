import type { Random } from "../models/simulation/random.ts";
import type { Plan } from "./behaviour.ts";
import type { ChatRequest, PoorAnswer } from "./chat-request.ts";
import { exampleOf } from "./json-example.ts";
import { type Prose, readProse } from "./prose.ts";
import { countTokens, NO_TEXT, type TokenText, tokenizeJson, tokenizeText, truncate } from "./token-text.ts";

/** What the model says, before it is known how it is sent. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch. */
  readonly createdAtSeconds: number;
  readonly choices: readonly Choice[];
  readonly usage: Usage;
}

export interface Choice {
  /** The text, or the arguments of the tool call. */
  readonly content: TokenText;
  readonly toolCall: { readonly id: string; readonly name: string } | null;
  /** The content says why there is no answer. */
  readonly isRefusal: boolean;
  readonly finishReason: "stop" | "length" | "tool_calls" | "content_filter";
}

export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** Written into the cache, for a price of their own; part of the prompt's. */
  readonly cacheWriteTokens: number;
  /** Made by the provider itself, for a price of their own. */
  readonly webSearches: number;
}

interface Subject {
  readonly request: ChatRequest;
  readonly plan: Plan;
  /** Of one choice; Infinity = the request sets none. */
  readonly maxOutputTokens: number;
  readonly prose: Prose;
}

/** Writes the answer that the plan asks for. Structured answers are as long as their JSON, cut at the limit. */
export function writeAnswer(subject: Subject, random: Random): Omit<Answer, "createdAtSeconds"> {
  const { request, plan } = subject;
  const id = `${drawIdPart(random)}${drawIdPart(random)}${drawIdPart(random)}${drawIdPart(random)}`;
  const choices = Array.from({ length: request.n ?? 1 }, () => writeChoice(subject, id, random));
  const reasoningTokens = plan.reasoningTokens * choices.length;
  const visible = choices.reduce((sum, choice) => sum + countTokens(choice.content), 0);
  return {
    id: `chatcmpl-${id}`,
    model: request.model,
    choices,
    usage: {
      promptTokens: plan.promptTokens,
      cachedTokens: plan.cachedTokens,
      completionTokens: visible + reasoningTokens,
      reasoningTokens,
      cacheWriteTokens: plan.cacheWriteTokens,
      webSearches: plan.webSearches,
    },
  };
}

function drawIdPart(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(36)
    .padStart(7, "0");
}

/** OpenAI's `usage`. */
export function usageBody(usage: Usage): object {
  const { promptTokens, cachedTokens, completionTokens, reasoningTokens, cacheWriteTokens, webSearches } =
    usage;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: {
      cached_tokens: cachedTokens,
      audio_tokens: 0,
      ...(cacheWriteTokens === 0 ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    ...(webSearches === 0 ? {} : { server_tool_use: { web_search_requests: webSearches } }),
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function writeChoice(subject: Subject, id: string, random: Random): Choice {
  const choice = writeGoodChoice(subject, id, random);
  const poor = subject.request.metadata?.simulate_answer;
  return poor === undefined ? choice : spoiled(choice, poor);
}

const REFUSAL = "I am sorry, but I cannot help with that.";

function spoiled(choice: Choice, how: PoorAnswer): Choice {
  const half = truncate(choice.content, Math.floor(countTokens(choice.content) / 2));
  switch (how) {
    case "empty":
      return { ...choice, content: NO_TEXT, toolCall: null, finishReason: "stop" };
    case "refusal":
      return { content: tokenizeText(REFUSAL), toolCall: null, isRefusal: true, finishReason: "stop" };
    case "filtered":
      return { ...choice, content: half, toolCall: null, finishReason: "content_filter" };
    case "invalid-json":
      return { ...choice, content: half, toolCall: null, finishReason: "stop" };
  }
}

function writeGoodChoice(subject: Subject, id: string, random: Random): Choice {
  const { request, plan, maxOutputTokens, prose } = subject;
  const tool = forcedTool(request);
  if (tool !== null) {
    const content = tokenizeJson(exampleOf(tool.function.parameters ?? { type: "object" }, random));
    return {
      ...structured(content, maxOutputTokens - plan.reasoningTokens, "tool_calls"),
      toolCall: { id: `call_${id}`, name: tool.function.name },
    };
  }
  const example = jsonAnswer(request, random);
  if (example !== undefined) {
    return structured(tokenizeJson(example), maxOutputTokens - plan.reasoningTokens, "stop");
  }
  const count = plan.outputTokens - plan.reasoningTokens;
  return {
    content: readProse(prose, { count, isComplete: !plan.truncated }, random),
    toolCall: null,
    isRefusal: false,
    finishReason: plan.truncated ? "length" : "stop",
  };
}

function structured(content: TokenText, limit: number, finish: "stop" | "tool_calls"): Choice {
  const fits = countTokens(content) <= limit;
  return {
    content: fits ? content : truncate(content, limit),
    toolCall: null,
    isRefusal: false,
    finishReason: fits ? finish : "length",
  };
}

/** The tool that `tool_choice` forces; by itself the model never calls one. */
function forcedTool({
  tools,
  tool_choice: choice,
}: ChatRequest): NonNullable<ChatRequest["tools"]>[number] | null {
  if (tools === undefined || tools === null || choice === undefined || choice === null) return null;
  if (choice === "required") return tools[0] ?? null;
  if (typeof choice === "string") return null;
  return tools.find((tool) => tool.function.name === choice.function.name) ?? null;
}

function jsonAnswer({ response_format: format }: ChatRequest, random: Random): unknown {
  if (format?.type === "json_object") return exampleOf(ANY_OBJECT, random);
  if (format?.type === "json_schema") return exampleOf(format.json_schema.schema ?? ANY_OBJECT, random);
  return undefined;
}

const ANY_OBJECT = {
  type: "object",
  properties: {
    title: { type: "string" },
    minutes: { type: "integer" },
    steps: { type: "array", items: {} },
  },
  required: ["title", "minutes", "steps"],
};
