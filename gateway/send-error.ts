import type { ServerResponse } from "node:http";
import type { PublicError } from "../models/domain/errors.ts";

/**
 * A denial that lasts longer is final for the request: official clients sleep as long as `retry-after` says, and nobody wants an
 * app to hang until a budget resets. Shorter ones are worth a retry.
 */
export const MAX_RETRY_SECONDS = 60;

/** With `x-vigor-denial-status: 402` an app asks for it: its client retries each 429 and looks at nothing else. */
const DENIAL_STATUS_HEADER = "x-vigor-denial-status";
const PAYMENT_REQUIRED = 402;

/** Answers in OpenAI's error shape; in a stream that has begun, as a last event, which OpenAI's clients raise as an error. */
export function sendError(response: ServerResponse, error: PublicError): void {
  const body = JSON.stringify(error.toBody());
  if (response.headersSent) {
    if (!response.writableEnded) response.end(`data: ${body}\n\n`);
    return;
  }
  if (error.retryAfterSeconds !== null) response.setHeader("retry-after", String(error.retryAfterSeconds));
  if (isFinal(error)) response.setHeader("x-should-retry", "false");
  // What is left of a body that was not read must not be taken for the connection's next request.
  if (error.code === "body_too_large" && !response.req.complete) response.setHeader("connection", "close");
  response.writeHead(statusOf(error, response), {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

export function statusOf(error: PublicError, { req }: ServerResponse): number {
  const asksFor402 = req.headers[DENIAL_STATUS_HEADER] === String(PAYMENT_REQUIRED);
  return error.status === 429 && isFinal(error) && asksFor402 ? PAYMENT_REQUIRED : error.status;
}

function isFinal({ retryAfterSeconds }: PublicError): boolean {
  return retryAfterSeconds !== null && retryAfterSeconds > MAX_RETRY_SECONDS;
}
