import type { Plan } from "./behaviour.ts";
import type { ChatRequest } from "./chat-request.ts";
import { exampleOf } from "./json-example.ts";
import { endSentence, type Prose, readProse } from "./prose.ts";
import type { Random } from "./random.ts";

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
  /** The text, or the arguments of the tool call; a piece is a token. */
  readonly pieces: readonly string[];
  readonly toolCall: { readonly id: string; readonly name: string } | null;
  readonly finishReason: "stop" | "length" | "tool_calls";
}

export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

interface Subject {
  readonly request: ChatRequest;
  readonly plan: Plan;
  /** Of one choice; Infinity = the request sets none. */
  readonly maxOutputTokens: number;
  readonly prose: Prose;
}

const CHARACTERS_PER_TOKEN = 4;

/** Writes the answer that the plan asks for. Structured answers are as long as their JSON, cut at the limit. */
export function writeAnswer(subject: Subject, random: Random): Omit<Answer, "createdAtSeconds"> {
  const { request, plan } = subject;
  const id = Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(36)
      .padStart(7, "0"),
  ).join("");
  const choices = Array.from({ length: request.n ?? 1 }, () => writeChoice(subject, id, random));
  const reasoningTokens = plan.reasoningTokens * choices.length;
  const visible = choices.reduce((sum, choice) => sum + choice.pieces.length, 0);
  return {
    id: `chatcmpl-${id}`,
    model: request.model,
    choices,
    usage: {
      promptTokens: plan.promptTokens,
      cachedTokens: plan.cachedTokens,
      completionTokens: visible + reasoningTokens,
      reasoningTokens,
    },
  };
}

/** OpenAI's `usage`. */
export function usageBody({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function writeChoice(subject: Subject, id: string, random: Random): Choice {
  const { request, plan, maxOutputTokens, prose } = subject;
  const tool = forcedTool(request);
  if (tool !== null) {
    const pieces = cutJson(exampleOf(tool.function.parameters ?? { type: "object" }, random));
    return {
      ...structured(pieces, maxOutputTokens - plan.reasoningTokens, "tool_calls"),
      toolCall: { id: `call_${id}`, name: tool.function.name },
    };
  }
  const example = jsonAnswer(request, random);
  if (example !== undefined) {
    return structured(cutJson(example), maxOutputTokens - plan.reasoningTokens, "stop");
  }
  const pieces = readProse(prose, plan.outputTokens - plan.reasoningTokens, random);
  return plan.truncated
    ? { pieces, toolCall: null, finishReason: "length" }
    : { pieces: endSentence(pieces), toolCall: null, finishReason: "stop" };
}

function structured(pieces: string[], limit: number, finish: "stop" | "tool_calls"): Choice {
  const fits = pieces.length <= limit;
  return {
    pieces: fits ? pieces : pieces.slice(0, Math.max(1, limit)),
    toolCall: null,
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

function cutJson(value: unknown): string[] {
  return JSON.stringify(value).match(PIECE) ?? [];
}

/** Whole code points: a surrogate pair cut in two could not be sent as UTF-8. */
const PIECE = new RegExp(`.{1,${CHARACTERS_PER_TOKEN}}`, "gsu");

const ANY_OBJECT = {
  type: "object",
  properties: {
    title: { type: "string" },
    minutes: { type: "integer" },
    steps: { type: "array", items: {} },
  },
  required: ["title", "minutes", "steps"],
};
