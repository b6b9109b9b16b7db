import { z } from "zod";

const callDelta = z.object({
  index: z.number().int().nonnegative().default(0),
  id: z.string().optional(),
  function: z.object({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
});
export type CallDelta = z.infer<typeof callDelta>;

const choice = z.object({
  index: z.number().default(0),
  delta: z
    .object({
      content: z.string().nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(callDelta).nullish(),
    })
    .prefault({}),
  finish_reason: z.string().nullish(),
});

/** What of a `chat.completion.chunk` becomes part of a response. */
export const chatChunk = z.looseObject({
  id: z.string().optional(),
  created: z.number().optional(),
  model: z.string().optional(),
  choices: z.array(choice).default([]),
});
export type ChatChunk = z.infer<typeof chatChunk>;
