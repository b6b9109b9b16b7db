import { z } from "zod";
import { PublicError } from "../models/domain/errors.ts";

const limit = z.number().int().min(1).max(10_000_000).nullish();

/** What the gateway must understand of a chat request; every other field passes through untouched. */
const chatRequest = z.looseObject({
  model: z.string().min(1).max(200),
  messages: z
    .array(z.looseObject({ role: z.string() }))
    .min(1)
    .max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: limit,
  max_completion_tokens: limit,
  n: z.number().int().min(1).max(128).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

/** Throws {@link PublicError} `invalid_json`, or `invalid_request` with the field in `param`. */
export function parseChatRequest(body: Buffer): ChatRequest {
  const parsed = chatRequest.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".") ?? "";
  throw new PublicError(
    "invalid_request",
    param === "" ? "the body must be an object" : `${param}: ${issue?.message}`,
    {
      param,
    },
  );
}

export interface ImposedLimits {
  readonly model: string;
  readonly maxOutputTokens: number;
}

/**
 * The body for the provider: its model's name, an output limit that the reservation covers, and the usage of a stream asked for.
 * Which of the two limit fields is used is the caller's choice; providers know both or the one that the caller knows.
 */
export function upstreamBody(request: ChatRequest, imposed: ImposedLimits): string {
  const limits =
    request.max_completion_tokens == null
      ? { max_tokens: imposed.maxOutputTokens }
      : {
          max_completion_tokens: imposed.maxOutputTokens,
          ...(request.max_tokens == null ? {} : { max_tokens: imposed.maxOutputTokens }),
        };
  const streaming =
    request.stream === true ? { stream_options: { ...request.stream_options, include_usage: true } } : {};
  return JSON.stringify({ ...request, model: imposed.model, ...limits, ...streaming });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8's message quotes the text around the mistake, and content must not get into errors.
    throw new PublicError("invalid_json", "the body is not valid JSON");
  }
}
