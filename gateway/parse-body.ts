import type { z } from "zod";
import { PublicError } from "../models/domain/errors.ts";

/** Throws {@link PublicError} `invalid_json`, or `invalid_request` with the field in `param`. */
export function parseBody<Body>(schema: z.ZodType<Body>, bytes: Buffer): Body {
  const parsed = schema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".") ?? "";
  const message = param === "" ? "the body must be an object" : `${param}: ${issue?.message}`;
  throw new PublicError("invalid_request", message, { param });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8's message quotes the text around the mistake, and content must not get into errors.
    throw new PublicError("invalid_json", "the body is not valid JSON");
  }
}
