import { z } from "zod";
import type { Endpoint, RequestBody } from "./model-request.ts";
import { parseBody } from "./parse-body.ts";

const limit = z.number().int().min(1).max(10_000_000).nullish();

/** What the gateway must understand of any request; every other field passes through untouched. */
const common = {
  model: z.string().min(1).max(200),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
};

const MAX_ITEMS = 10_000;

const bodies = {
  chat: z.looseObject({
    ...common,
    messages: z
      .array(z.looseObject({ role: z.string() }))
      .min(1)
      .max(MAX_ITEMS),
    max_tokens: limit,
    max_completion_tokens: limit,
    n: z.number().int().min(1).max(128).nullish(),
  }),
  responses: z.looseObject({
    ...common,
    input: z.union([z.string().min(1), z.array(z.looseObject({})).min(1).max(MAX_ITEMS)]),
    instructions: z.string().nullish(),
    max_output_tokens: limit,
    // Its answer would have to be asked for later, at the provider.
    background: z.literal(false).nullish(),
  }),
  embeddings: z.looseObject({
    ...common,
    input: z.union([z.string().min(1), z.array(z.unknown()).min(1).max(MAX_ITEMS)]),
    stream: z.literal(false).nullish(),
  }),
} satisfies Record<Endpoint, z.ZodType<RequestBody>>;

/** Throws {@link PublicError} `invalid_json`, or `invalid_request` with the field in `param`. */
export function parseRequest(endpoint: Endpoint, bytes: Buffer): RequestBody {
  return parseBody<RequestBody>(bodies[endpoint], bytes);
}
