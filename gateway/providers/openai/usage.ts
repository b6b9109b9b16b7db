import { z } from "zod";
import { disjointUsage } from "../../../models/domain/disjoint-usage.ts";
import type { SpecialBucket, TokenUsage } from "../../../models/domain/price.ts";
import type { UsageForm } from "../../usage-report.ts";

const count = z.number().int().nonnegative().nullish();

const inputDetails = z
  .object({
    cached_tokens: count,
    /** OpenAI, OpenRouter; LiteLLM. */
    cache_write_tokens: count,
    cache_creation_tokens: count,
    audio_tokens: count,
    image_tokens: count,
    video_tokens: count,
  })
  .nullish();
const outputDetails = z
  .object({
    reasoning_tokens: count,
    /** Anthropic. */
    thinking_tokens: count,
    audio_tokens: count,
    image_tokens: count,
    video_tokens: count,
  })
  .nullish();

/** What OpenAI and those that speak like it report, of chats, responses and embeddings. Each field is somebody's. */
const usageReport = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  input_tokens: count,
  output_tokens: count,
  total_tokens: count,
  prompt_tokens_details: inputDetails,
  completion_tokens_details: outputDetails,
  input_tokens_details: inputDetails,
  output_tokens_details: outputDetails,
  /** DeepSeek; Moonshot; Anthropic. */
  prompt_cache_hit_tokens: count,
  cached_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  cache_creation: z.object({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }).nullish(),
  /** Perplexity: beside the completion, as are the sources that it has read. */
  reasoning_tokens: count,
  citation_tokens: count,
  num_search_queries: count,
  /** Anthropic, OpenRouter; xAI. */
  server_tool_use: z.object({ web_search_requests: count, code_execution_requests: count }).nullish(),
  server_side_tool_usage_details: z
    .object({
      web_search_calls: count,
      x_search_calls: count,
      code_interpreter_calls: count,
      file_search_calls: count,
      document_search_calls: count,
    })
    .nullish(),
});
type UsageReport = z.infer<typeof usageReport>;

interface Reading {
  /** Of embeddings there is none. */
  readonly hasOutput: boolean;
  /** The report's own `reasoning_tokens` are no part of the completion. */
  readonly isReasoningBeside: boolean;
}

export const CHAT_USAGE = usageForm({ hasOutput: true, isReasoningBeside: false });
export const EMBEDDINGS_USAGE = usageForm({ hasOutput: false, isReasoningBeside: false });
export const PERPLEXITY_USAGE = usageForm({ hasOutput: true, isReasoningBeside: true });

/** Of a response, or of an event of its stream, which holds the response. */
export const RESPONSES_USAGE: UsageForm = {
  find: (document) => objectAt(document, "usage") ?? objectAt(objectAt(document, "response"), "usage"),
  parse: CHAT_USAGE.parse,
};

function usageForm(reading: Reading): UsageForm {
  return {
    // Groq has it in its own corner, too.
    find: (document) => objectAt(document, "usage") ?? objectAt(objectAt(document, "x_groq"), "usage"),
    parse(report) {
      const { data } = usageReport.safeParse(report);
      return data === undefined ? null : bucketsOf(data, reading);
    },
  };
}

function bucketsOf(report: UsageReport, { hasOutput, isReasoningBeside }: Reading): TokenUsage | null {
  const input = largest(report.prompt_tokens, report.input_tokens);
  const told = largest(report.completion_tokens, report.output_tokens);
  const total = report.total_tokens ?? null;
  if (input === null) return null;
  // Where the total alone is told, it tells the rest.
  const output = told ?? (total === null || total < input ? null : total - input);
  if (output === null && hasOutput) return null;
  const inputs = report.prompt_tokens_details ?? report.input_tokens_details;
  const outputs = report.completion_tokens_details ?? report.output_tokens_details;
  return disjointUsage({
    input: {
      whole: input,
      cached: cachedTokens(report),
      special: {
        ...cacheWrites(report),
        ...bucket("audioInput", inputs?.audio_tokens),
        ...bucket("imageInput", inputs?.image_tokens),
        ...bucket("videoInput", inputs?.video_tokens),
      },
      isBeside: isAnthropic(report),
    },
    output: {
      whole: output ?? 0,
      reasoning: largest(outputs?.reasoning_tokens, outputs?.thinking_tokens, report.reasoning_tokens) ?? 0,
      special: {
        ...bucket("audioOutput", outputs?.audio_tokens),
        ...bucket("imageOutput", outputs?.image_tokens),
        ...bucket("videoOutput", outputs?.video_tokens),
      },
      isReasoningBeside: isReasoningBeside && (report.reasoning_tokens ?? 0) > 0,
    },
    total,
    beside: { ...bucket("citations", report.citation_tokens), ...toolCalls(report) },
  });
}

/** Anthropic's own form: what was read from the cache and written into it stands beside `input_tokens`. */
function isAnthropic({
  prompt_tokens,
  cache_read_input_tokens,
  cache_creation_input_tokens,
}: UsageReport): boolean {
  return (
    (prompt_tokens ?? null) === null &&
    (cache_read_input_tokens ?? cache_creation_input_tokens ?? null) !== null
  );
}

/** Where a provider says it in two places that differ, the smaller: what was not cached costs more. */
function cachedTokens(report: UsageReport): number {
  const said = [
    (report.prompt_tokens_details ?? report.input_tokens_details)?.cached_tokens,
    report.prompt_cache_hit_tokens,
    report.cached_tokens,
    report.cache_read_input_tokens,
  ].filter((each) => each !== undefined && each !== null);
  return said.length === 0 ? 0 : Math.min(...said);
}

function cacheWrites(report: UsageReport): Partial<Record<SpecialBucket, number>> {
  const { cache_creation: byLifetime, cache_creation_input_tokens } = report;
  const inputs = report.prompt_tokens_details ?? report.input_tokens_details;
  const all =
    largest(inputs?.cache_write_tokens, inputs?.cache_creation_tokens, cache_creation_input_tokens) ?? 0;
  const hour = byLifetime?.ephemeral_1h_input_tokens ?? 0;
  const short = Math.max(byLifetime?.ephemeral_5m_input_tokens ?? 0, all - hour);
  return { ...bucket("cacheWrite", short), ...bucket("cacheWriteHour", hour) };
}

function toolCalls(report: UsageReport): Partial<Record<SpecialBucket, number>> {
  const theirs = report.server_tool_use;
  const xai = report.server_side_tool_usage_details;
  const searches =
    (theirs?.web_search_requests ?? 0) + (xai?.web_search_calls ?? 0) + (xai?.x_search_calls ?? 0);
  const files = (xai?.file_search_calls ?? 0) + (xai?.document_search_calls ?? 0);
  const executions = (theirs?.code_execution_requests ?? 0) + (xai?.code_interpreter_calls ?? 0);
  return {
    ...bucket("webSearches", searches + (report.num_search_queries ?? 0)),
    ...bucket("fileSearches", files),
    ...bucket("codeExecutions", executions),
  };
}

const EMPTY: Partial<Record<SpecialBucket, number>> = {};

function bucket(
  name: SpecialBucket,
  count: number | null | undefined,
): Partial<Record<SpecialBucket, number>> {
  return count ? { [name]: count } : EMPTY;
}

function largest(...said: (number | null | undefined)[]): number | null {
  const given = said.filter((each) => each !== undefined && each !== null);
  return given.length === 0 ? null : Math.max(...given);
}

/** Null where there is none, or what is there is no object: `"usage":null` is no report. */
function objectAt(value: unknown, name: string): object | null {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return null;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "object" && found !== null ? found : null;
}
