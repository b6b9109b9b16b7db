import { z } from "zod";
import type { AdapterName } from "../catalog.ts";

/** What the gateway knows of one parameter of a request's body. */
export interface ParameterRule {
  /**
   * `free`: it changes the answer, not what a token costs. `bounded`: it makes the answer or the prompt longer, and the bound counts
   * that. `imposed`: the gateway writes it, whatever the app asked for. `read`: only the gateway reads it.
   */
  readonly cost: "free" | "bounded" | "imposed" | "read";
  /** Why it costs nothing, how it is bounded, what is imposed. One sentence for people. */
  readonly why: string;
  /** The adapters that send it, under this name or the provider's own. */
  readonly adapters: readonly AdapterName[];
  /**
   * What becomes of it at any other adapter. `dropped`: a wish that an answer may do without. `refused`: an answer without it would be
   * a wrong one, so another provider is tried, and the app is told when there is none.
   */
  readonly elsewhere: "dropped" | "refused";
}

const rules = z.registry<ParameterRule>();

/** One row of the table: the shape that the parser accepts, and what is known of it. The shape must be the row's own. */
export function parameter<Shape extends z.ZodType>(shape: Shape, rule: ParameterRule): Shape {
  rules.add(shape, rule);
  return shape;
}

/** Throws for a shape without a row: nothing passes that nobody has thought of. */
export function rulesOf(body: {
  readonly shape: Readonly<Record<string, z.ZodType>>;
}): ReadonlyMap<string, ParameterRule> {
  return new Map(
    Object.entries(body.shape).map(([name, shape]) => {
      const rule = rules.get(shape);
      if (rule === undefined) throw new Error(`the parameter ${name} has no rule`);
      return [name, rule];
    }),
  );
}

export const EVERY_ADAPTER: readonly AdapterName[] = ["openai", "openai-compatible", "gemini", "perplexity"];

/** Accepted, and gone after parsing: answers have it, and apps send answers back as they came. */
export function dropped() {
  return z
    .unknown()
    .transform(() => undefined)
    .optional();
}

/** Accepted only where nothing is in it, and gone after parsing. */
export function nothing() {
  return z
    .null()
    .transform(() => undefined)
    .optional();
}

/** An object whose fields are the app's own, such as a JSON schema: it is sent as it is, and its bytes are counted. */
export function freeForm(): z.ZodType<Readonly<Record<string, unknown>>> {
  return z.custom<Readonly<Record<string, unknown>>>(isObject, "must be an object");
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Messages, input items or inputs of one request. */
export const MAX_ITEMS = 10_000;
/** Answers of one request. */
export const MAX_CHOICES = 16;
const MAX_OUTPUT_TOKENS = 10_000_000;

export const outputLimit = () => z.number().int().min(1).max(MAX_OUTPUT_TOKENS).nullish();
export const numeric = () => z.number().nullish();
export const flag = () => z.boolean().nullish();
export const words = () => z.string().max(1_000).nullish();

/** Of a function. Gemini has it with each result of a call, so a long one would make a short body huge. */
export const functionName = () => z.string().max(256);

/** An image that is sent along, or one that the provider fetches: nothing else that a URL may hold. */
export const imageUrl = () =>
  z.string().regex(/^(?:https?:\/\/|data:image\/)/i, "must be an http or https URL, or data:image/...");
export const imageDetail = () => z.enum(["low", "high", "auto", "original"]).nullish();
