import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";

/** Thinking tokens by OpenAI's `reasoning_effort`, as Google's own OpenAI interface has them for Gemini 2.5. */
const THINKING_BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
};
/** From Gemini 3 on there are levels instead. */
const THINKING_LEVELS: Readonly<Record<string, string>> = {
  none: "minimal",
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
};

/** The smallest budget above 0 that every model of Gemini 2.5 takes. */
const MIN_THINKING_BUDGET = 512;

/** `maxOutputTokens` includes what the model thinks, so the reservation covers that, too. */
export function generationConfig(
  body: ChatRequest,
  { model, maxOutputTokens }: { readonly model: string; readonly maxOutputTokens: number },
): object {
  return given({
    maxOutputTokens,
    candidateCount: body.n,
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    seed: body.seed,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    responseLogprobs: body.logprobs,
    logprobs: body.top_logprobs,
    stopSequences: typeof body.stop === "string" ? [body.stop] : body.stop,
    thinkingConfig: thinkingConfig(body.reasoning_effort, { model, maxOutputTokens }),
    ...responseForm(body.response_format),
  });
}

/** A budget never passes the limit; where hardly any would be left, the model thinks as it likes, within the limit. */
function thinkingConfig(
  effort: string | null | undefined,
  { model, maxOutputTokens }: { readonly model: string; readonly maxOutputTokens: number },
): object | undefined {
  if (effort === null || effort === undefined) return undefined;
  const isOld = /^gemini-2/.test(model);
  const budget = THINKING_BUDGETS[effort];
  const level = THINKING_LEVELS[effort];
  if (isOld) {
    const within = budget === undefined ? undefined : Math.min(budget, maxOutputTokens);
    return within === undefined || (within > 0 && within < MIN_THINKING_BUDGET)
      ? undefined
      : { thinkingBudget: within };
  }
  return level === undefined ? undefined : { thinkingLevel: level };
}

function responseForm(format: ChatRequest["response_format"]): Record<string, unknown> {
  if (format?.type === "json_object") return { responseMimeType: "application/json" };
  if (format?.type !== "json_schema") return {};
  return { responseMimeType: "application/json", responseJsonSchema: format.json_schema.schema };
}

/** Without what was not said. */
export function given(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}
