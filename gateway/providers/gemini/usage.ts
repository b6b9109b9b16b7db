import { z } from "zod";
import { disjointUsage } from "../../../models/domain/disjoint-usage.ts";
import {
  cachedTokensOf,
  inputTokensOf,
  outputTokensOf,
  type SpecialBucket,
  type TokenUsage,
} from "../../../models/domain/price.ts";
import type { UsageForm } from "../../usage-report.ts";

const count = z.number().int().nonnegative().nullish();
const modalities = z.array(z.object({ modality: z.string().optional(), tokenCount: count })).nullish();
type Modalities = z.infer<typeof modalities>;

/** Without what is zero, as all of Google's interfaces leave it out. https://ai.google.dev/api/generate-content#UsageMetadata */
const usageMetadata = z.object({
  promptTokenCount: count,
  cachedContentTokenCount: count,
  toolUsePromptTokenCount: count,
  candidatesTokenCount: count,
  thoughtsTokenCount: count,
  totalTokenCount: count,
  promptTokensDetails: modalities,
  toolUsePromptTokensDetails: modalities,
  cacheTokensDetails: modalities,
  candidatesTokensDetails: modalities,
});

/** The prompt's count includes what was cached and leaves out what tools brought; thoughts stand beside the candidates. */
export const GEMINI_USAGE: UsageForm = {
  find: (document) =>
    "usageMetadata" in document && typeof document.usageMetadata === "object" ? document.usageMetadata : null,
  parse(report) {
    const { data } = usageMetadata.safeParse(report);
    if (data === undefined) return null;
    const cached = data.cachedContentTokenCount ?? 0;
    const heard =
      countOf(data.promptTokensDetails, "AUDIO") + countOf(data.toolUsePromptTokensDetails, "AUDIO");
    const seen =
      countOf(data.promptTokensDetails, "VIDEO") + countOf(data.toolUsePromptTokensDetails, "VIDEO");
    // The prompt's details include what was cached of each kind.
    const cachedAudio = Math.min(heard, cached, countOf(data.cacheTokensDetails, "AUDIO"));
    return disjointUsage({
      input: {
        whole: (data.promptTokenCount ?? 0) + (data.toolUsePromptTokenCount ?? 0),
        cached: cached - cachedAudio,
        special: filled({ audioInput: heard - cachedAudio, cachedAudioInput: cachedAudio, videoInput: seen }),
      },
      output: {
        whole: data.candidatesTokenCount ?? 0,
        reasoning: data.thoughtsTokenCount ?? 0,
        special: filled({
          audioOutput: countOf(data.candidatesTokensDetails, "AUDIO"),
          imageOutput: countOf(data.candidatesTokensDetails, "IMAGE"),
          videoOutput: countOf(data.candidatesTokensDetails, "VIDEO"),
        }),
        isReasoningBeside: true,
      },
      total: data.totalTokenCount ?? null,
    });
  },
};

function countOf(details: Modalities, modality: string): number {
  let sum = 0;
  for (const each of details ?? []) if (each.modality === modality) sum += each.tokenCount ?? 0;
  return sum;
}

function filled(special: Partial<Record<SpecialBucket, number>>): Partial<Record<SpecialBucket, number>> {
  return Object.fromEntries(Object.entries(special).filter(([, tokens]) => tokens > 0));
}

/** The same as OpenAI's chat says it. */
export function chatUsage(usage: TokenUsage): object {
  const prompt_tokens = inputTokensOf(usage);
  const completion_tokens = outputTokensOf(usage);
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: cachedTokensOf(usage) },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}
