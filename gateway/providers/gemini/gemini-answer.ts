import { z } from "zod";

/** What of a `GenerateContentResponse` is mapped; a stream is a row of them. https://ai.google.dev/api/generate-content */

const count = z.number().int().nonnegative();

const part = z.object({
  text: z.string().optional(),
  /** A summary of what the model thinks, which nobody asked for. */
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  functionCall: z
    .object({
      id: z.string().optional(),
      name: z.string(),
      args: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});

const candidate = z.object({
  index: count.default(0),
  content: z.object({ parts: z.array(part).default([]) }).optional(),
  finishReason: z.string().optional(),
});
export type Candidate = z.infer<typeof candidate>;

export const geminiAnswer = z.object({
  candidates: z.array(candidate).default([]),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  /** {@link GEMINI_USAGE} reads it: an answer is one, whatever it reports. */
  usageMetadata: z.unknown().optional(),
  modelVersion: z.string().optional(),
  responseId: z.string().optional(),
});
export type GeminiAnswer = z.infer<typeof geminiAnswer>;
