import type { z } from "zod";
import { PublicError } from "../models/domain/errors.ts";
import { InvalidJsonError, parseStorableJson } from "../models/domain/json.ts";

/** Throws {@link PublicError} `invalid_json`, or `invalid_request` with the field in `param`. */
export function parseBody<Body>(schema: z.ZodType<Body>, bytes: Buffer): Body {
  const parsed = schema.safeParse(readJson(bytes));
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues[0]);
}

export function invalidRequest(issue: Pick<z.core.$ZodIssue, "path" | "message"> | undefined): PublicError {
  const param = issue?.path.join(".") ?? "";
  const message = param === "" ? "the body must be an object" : `${param}: ${issue?.message}`;
  return new PublicError("invalid_request", message, { param });
}

/** Throws {@link PublicError} `invalid_json`. */
export function readJson(bytes: Buffer): unknown {
  try {
    return parseStorableJson(bytes);
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
    throw new PublicError("invalid_json", `the body ${error.message}`, { cause: error });
  }
}
