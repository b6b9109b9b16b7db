import type { ServerResponse } from "node:http";
import { drawNormal, type Random, seededRandom } from "../models/simulation/random.ts";
import { approximateTokens } from "./behaviour.ts";
import type { Body } from "./body.ts";
import type { Call } from "./call.ts";
import { type EmbeddingsRequest, embeddingsRequest } from "./chat-request.ts";
import { hashText } from "./random.ts";
import { sendJson } from "./send.ts";
import type { World } from "./world.ts";

const DEFAULT_DIMENSIONS = 1536;
/** Vectors of long lists are the largest thing that the server makes. */
const MAX_ANSWER_NUMBERS = 2_000_000;

/** Answers at once: embeddings take a provider a few milliseconds, and nothing here depends on them. */
export function completeEmbeddings(world: World, call: Call, body: Body): void {
  const parsed = embeddingsRequest.safeParse(body.json);
  if (!parsed.success) {
    call.refuseInvalid(parsed.error);
    return;
  }
  const vectors = embed(parsed.data, world.seed);
  if (vectors === null) {
    call.refuse(400, "There are too many inputs.", "input");
    return;
  }
  const promptTokens = Math.min(countEmbeddingTokens(parsed.data), body.bytes.length);
  call.close("answered", {
    promptTokens,
    cachedTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
    cacheWriteTokens: 0,
    webSearches: 0,
  });
  sendEmbeddings(call.response, parsed.data, { vectors, promptTokens });
}

/** A unit vector for each input; the same input and seed have the same vector. Null: the answer would be too large. */
function embed(request: EmbeddingsRequest, seed: number): Float32Array[] | null {
  const inputs = inputsOf(request);
  const dimensions = request.dimensions ?? DEFAULT_DIMENSIONS;
  if (inputs.length * dimensions > MAX_ANSWER_NUMBERS) return null;
  return inputs.map((input) => unitVector(dimensions, seededRandom(seed ^ hashText(String(input)))));
}

/** Tokens of all inputs; an input of token numbers is counted as it is. */
function countEmbeddingTokens(request: EmbeddingsRequest): number {
  return inputsOf(request).reduce(
    (sum: number, input) => sum + (typeof input === "string" ? approximateTokens(input) : input.length),
    0,
  );
}

function sendEmbeddings(
  response: ServerResponse,
  request: EmbeddingsRequest,
  { vectors, promptTokens }: { vectors: readonly Float32Array[]; promptTokens: number },
): void {
  const encode = (vector: Float32Array): string | number[] =>
    request.encoding_format === "base64"
      ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
      : [...vector];
  const body = {
    object: "list",
    data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: encode(vector) })),
    model: request.model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
  sendJson(response, 200, JSON.stringify(body));
}

function inputsOf({ input }: EmbeddingsRequest): (string | number[])[] {
  if (typeof input === "string") return [input];
  const lists: (string | number[])[] = [];
  const numbers: number[] = [];
  for (const item of input) {
    if (typeof item === "number") numbers.push(item);
    else lists.push(item);
  }
  return numbers.length > 0 ? [numbers] : lists;
}

function unitVector(dimensions: number, random: Random): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, () => drawNormal(random));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
