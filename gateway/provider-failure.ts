import { type ErrorCode, PublicError } from "../models/domain/errors.ts";
import { InvalidJsonError, parseJson } from "../models/domain/json.ts";
import { truncate } from "../models/domain/text.ts";
import type { ProviderFailure } from "./providers/provider-client.ts";

/** What the caller is told of the last provider's failure. */
export function failureError({ failure, body, retryAfterSeconds }: ProviderFailure): PublicError {
  const more = retryAfterSeconds === null ? {} : { retryAfterSeconds };
  if (failure === "rejected") return new PublicError("provider_rejected", rejection(body), more);
  const code: ErrorCode = failure === "timeout" ? "provider_timeout" : "provider_error";
  const message =
    failure === "timeout" ? "no provider answered in time" : "every provider that could be tried failed";
  return new PublicError(code, `${message} (${failure})`, more);
}

export function noProvider(): PublicError {
  return new PublicError("no_provider", "no provider can be called at the moment", { retryAfterSeconds: 5 });
}

const MAX_REJECTION_CHARACTERS = 500;

/** The provider's own words: they tell the caller what to mend. */
function rejection(body: Buffer): string {
  try {
    const parsed: unknown = parseJson(body);
    const error = parsed !== null && typeof parsed === "object" && "error" in parsed ? parsed.error : null;
    if (
      error !== null &&
      typeof error === "object" &&
      "message" in error &&
      typeof error.message === "string"
    ) {
      return `the provider refused the request: ${truncate(error.message, MAX_REJECTION_CHARACTERS)}`;
    }
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
  }
  return "the provider refused the request without saying why";
}
