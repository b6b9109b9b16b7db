import { z } from "zod";

const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;

/** Query parameters of lists that come from the warehouse, the latest first. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  /** Only what is older: the time of the last one of the page before, milliseconds since the epoch. */
  before: z.coerce.number().int().positive().max(8_640_000_000_000).default(8_640_000_000_000),
});

/** A column that holds one JSON document, or nothing. */
export const jsonColumn = z.string().transform((text, context): unknown => {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
});
