import type { ServerResponse } from "node:http";
import type { PublicError } from "../models/domain/errors.ts";

/** Answers in OpenAI's error shape; in a stream that has begun, as a last event, which OpenAI's clients raise as an error. */
export function sendError(response: ServerResponse, error: PublicError): void {
  const body = JSON.stringify(error.toBody());
  if (response.headersSent) {
    if (!response.writableEnded) response.end(`data: ${body}\n\n`);
    return;
  }
  if (error.retryAfterSeconds !== null) response.setHeader("retry-after", String(error.retryAfterSeconds));
  // What is left of a body that was not read must not be taken for the connection's next request.
  if (error.code === "body_too_large") response.setHeader("connection", "close");
  response.writeHead(error.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
