import type { SpecialBucket, TokenUsage } from "./price.ts";

type Special = Partial<Record<SpecialBucket, number>>;

/** What a report says of a prompt: its length, and how much of it was something special. */
export interface InputReport {
  readonly whole: number;
  readonly cached: number;
  readonly special: Special;
  /** The special parts stand beside the whole (Anthropic), and not within it (everybody else). */
  readonly isBeside?: boolean;
}

export interface OutputReport {
  readonly whole: number;
  readonly reasoning: number;
  readonly special: Special;
  readonly isReasoningBeside?: boolean;
}

/** Above what any call can count. A sum of money out of more is no integer that a counter or an event can hold. */
const MAX_COUNTED = 100_000_000;

/**
 * Disjoint buckets out of wholes and their parts, never for less than the provider can mean. Null when all of it is nothing: no call
 * has an empty prompt, so a provider that says so has not counted. Null, too, when it is more than any call can count.
 *
 * - Parts that are larger than their whole cannot be within it: they stand beside it.
 * - Cached tokens that overlap with others (cached sound) count as not cached.
 * - A total above the sum of what is told apart holds what is not told: models think, and some providers say it in the total alone.
 */
export function disjointUsage({
  input,
  output,
  total,
  beside = {},
}: {
  readonly input: InputReport;
  readonly output: OutputReport;
  readonly total: number | null;
  /** What is neither of the prompt nor of the answer: calls of tools, and sources that were read. */
  readonly beside?: Special;
}): TokenUsage | null {
  const prompt = splitInput(input);
  const promptTokens = prompt.plain + prompt.cached + sumOf(input.special);
  const answer = splitOutput(output, total === null ? null : total - promptTokens);
  const answerTokens = answer.plain + answer.reasoning + sumOf(output.special);
  if (promptTokens + answerTokens === 0) return null;
  const untold =
    total === null ? 0 : Math.max(0, total - promptTokens - answerTokens - (beside.citations ?? 0));
  const usage = {
    input: prompt.plain,
    cachedInput: prompt.cached,
    output: answer.plain,
    reasoning: answer.reasoning + untold,
  };
  if (promptTokens + answerTokens + untold + sumOf(beside) > MAX_COUNTED) return null;
  const special = filled({ ...input.special, ...output.special, ...beside });
  return special === null ? usage : { ...usage, special };
}

function splitInput({ whole, cached, special, isBeside = false }: InputReport) {
  const others = sumOf(special);
  if (isBeside || cached > whole || others > whole) return { plain: whole, cached };
  if (cached + others > whole) return { plain: whole - others, cached: 0 };
  return { plain: whole - cached - others, cached };
}

/** `length`: of the whole answer, as the total has it. */
function splitOutput(
  { whole, reasoning, special, isReasoningBeside = false }: OutputReport,
  length: number | null,
) {
  const others = sumOf(special);
  const isBeside = isReasoningBeside || reasoning + others > whole || length === whole + reasoning;
  if (!isBeside) return { plain: whole - reasoning - others, reasoning };
  return { plain: others > whole ? whole : whole - others, reasoning };
}

function sumOf(special: Special): number {
  return Object.values(special).reduce((sum, count) => sum + count, 0);
}

function filled(special: Special): Special | null {
  const entries = Object.entries(special).filter(([, count]) => count > 0);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}
