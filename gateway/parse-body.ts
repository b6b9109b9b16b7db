import type { z } from "zod";
import { PublicError } from "../models/domain/errors.ts";
import { InvalidJsonError, parseStorableJson } from "../models/domain/json.ts";

/** Throws {@link PublicError} `invalid_json`, or `invalid_request` with the field in `param`. */
export function parseBody<Body>(schema: z.ZodType<Body>, bytes: Buffer): Body {
  const parsed = schema.safeParse(readJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".") ?? "";
  const message = param === "" ? "the body must be an object" : `${param}: ${issue?.message}`;
  throw new PublicError("invalid_request", message, { param });
}

function readJson(bytes: Buffer): unknown {
  try {
    return parseStorableJson(bytes);
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
    throw new PublicError("invalid_json", `the body ${error.message}`, { cause: error });
  }
}
