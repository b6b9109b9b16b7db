import { z } from "zod";
import { caller } from "./common-parameters.ts";
import { MAX_ITEMS, parameter } from "./parameter.ts";

/** One check for all of them: there may be a million. */
const tokens = z.custom<readonly number[]>(isTokens, "must be whole numbers");

function isTokens(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(Number.isSafeInteger);
}

/** The body of `/v1/embeddings`. A token is at least a byte of it, also where it is given as a number. */
export const embeddingsBody = z.strictObject({
  ...caller(),
  input: parameter(
    z.union([
      z.string().min(1),
      z.array(z.string("must be a string, or whole numbers")).min(1).max(MAX_ITEMS),
      tokens,
      z.array(tokens).min(1).max(MAX_ITEMS),
    ]),
    {
      cost: "bounded",
      why: "The bound counts the bytes that are sent.",
      adapters: ["openai", "openai-compatible"],
      elsewhere: "refused",
    },
  ),
  dimensions: parameter(z.number().int().min(1).nullish(), {
    cost: "free",
    why: "Vectors cost nothing, however long.",
    adapters: ["openai", "openai-compatible"],
    elsewhere: "refused",
  }),
  encoding_format: parameter(z.enum(["float", "base64"]).nullish(), {
    cost: "free",
    why: "The form of a vector costs nothing.",
    adapters: ["openai", "openai-compatible"],
    elsewhere: "refused",
  }),
  stream: parameter(z.literal(false).nullish(), {
    cost: "read",
    why: "Vectors are not streamed.",
    adapters: [],
    elsewhere: "dropped",
  }),
});
export type EmbeddingsRequest = z.infer<typeof embeddingsBody>;
