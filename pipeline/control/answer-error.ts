import type { ErrorRequestHandler } from "express";
import type { Logger } from "pino";
import { z } from "zod";
import { EventLogError } from "../../ingest/event-log.ts";
import { PublicError } from "../../models/domain/errors.ts";
import { WarehouseError } from "../../warehouse/warehouse.ts";
import { describeIssue } from "./describe-issue.ts";

/** Every failure leaves in OpenAI's shape; what is not meant for the caller is logged and told as `internal_error`. */
export function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const failure = publicErrorOf(error);
    // Who closes the page while a file is on its way is no failure of ours.
    const hasLeft = hungUp.safeParse(error).success;
    if (failure.status >= 500 && !hasLeft) {
      logger.error({ err: error, method: request.method, path: request.path }, "a control call failed");
    }
    if (hasLeft || response.destroyed) return void response.destroy();
    // Express then cuts the connection: half an answer must not look like a whole one.
    if (response.headersSent) return next(error);
    if (failure.retryAfterSeconds !== null) response.set("retry-after", String(failure.retryAfterSeconds));
    response.status(failure.status).json(failure.toBody());
  };
}

export function publicErrorOf(error: unknown): PublicError {
  if (error instanceof PublicError) return error;
  if (error instanceof z.ZodError) {
    const { param, message } = describeIssue(error);
    return new PublicError("invalid_request", message, { ...(param === "" ? {} : { param }), cause: error });
  }
  if (error instanceof WarehouseError) {
    return error.retryable
      ? new PublicError("warehouse_unavailable", "the warehouse does not answer; try again soon", {
          cause: error,
        })
      : new PublicError("internal_error", "a query failed; the log of this process says why", {
          cause: error,
        });
  }
  if (error instanceof EventLogError) {
    return new PublicError(
      "log_unavailable",
      "the event log does not take the record; look whether it was kept before trying again",
      {
        cause: error,
      },
    );
  }
  return (
    httpErrorOf(error) ?? new PublicError("internal_error", "something went wrong here", { cause: error })
  );
}

/** What express throws when the client has closed the connection of a file. */
const hungUp = z.object({ code: z.literal("ECONNABORTED") });

/** What express and its body parser throw. */
const httpError = z.object({ status: z.number() });

function httpErrorOf(error: unknown): PublicError | null {
  const parsed = httpError.safeParse(error);
  if (!parsed.success) return error instanceof URIError ? badUrl(error) : null;
  const { status } = parsed.data;
  if (status === 413) return new PublicError("body_too_large", "the body is too large", { cause: error });
  if (status === 415) {
    return new PublicError("unsupported_media_type", "the body's encoding is not supported", {
      cause: error,
    });
  }
  if (status === 400) return badUrl(error);
  return null;
}

function badUrl(cause: unknown): PublicError {
  return new PublicError("invalid_request", "the request cannot be read", { cause });
}
