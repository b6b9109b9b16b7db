import { hash } from "node:crypto";
import { seededRandom } from "../models/simulation/random.ts";
import { writeAnswer } from "./answer.ts";
import type { AnswerForm } from "./answer-form.ts";
import { approximateTokens, type Circumstances, planCall } from "./behaviour.ts";
import type { Body } from "./body.ts";
import type { Call } from "./call.ts";
import { chatForm } from "./chat-form.ts";
import { type ChatRequest, chatRequest } from "./chat-request.ts";
import { deliver } from "./delivery.ts";
import { profileOf } from "./profiles.ts";
import { drawInteger, hashText } from "./random.ts";
import type { World } from "./world.ts";

/** What the chat format adds to each message, as OpenAI counts it. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_IMAGE = 255;
/** 2^32 / phi: spreads small counts over all bits (Knuth). */
const GOLDEN_RATIO = 0x9e3779b1;

export function completeChat(world: World, call: Call, body: Body): void {
  complete(world, call, { document: body.json, bytes: body.bytes, form: chatForm });
}

export interface Asked {
  /** A chat request, or what another interface's request comes to as one. */
  readonly document: unknown;
  readonly bytes: Buffer;
  readonly form: AnswerForm;
}

export function complete(world: World, call: Call, { document, bytes, form }: Asked): void {
  const startedAtMs = performance.now();
  const parsed = chatRequest.safeParse(document);
  if (!parsed.success) {
    call.refuseInvalid(parsed.error);
    return;
  }
  const request = parsed.data;
  const profile = profileOf(call.provider, world.models);
  const contentHash = hashContent(bytes) ^ hashText(`${world.seed}/${call.provider}`);
  const random = seededRandom(contentHash);
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  const circumstances: Circumstances = {
    provider: call.provider,
    profile,
    overrides: world.behaviours.get(call.provider) ?? {},
    steering: request.metadata ?? {},
    latencyScale: world.latencyScale,
    errorScale: world.errorScale,
    textTokens: countPromptTokens(request),
    bodyBytes: bytes.length,
    maxOutputTokens,
  };
  const chance = seededRandom(contentHash ^ Math.imul(world.repetitions.next(contentHash) + 1, GOLDEN_RATIO));
  const plan = planCall(circumstances, random, chance);
  const written = writeAnswer({ request, plan, maxOutputTokens, prose: world.prose }, random);
  const answer = { ...written, createdAtSeconds: Math.floor(Date.now() / 1000) };
  const [smallest, largest] = profile.tokensPerChunk;
  const options = {
    includeUsage: request.stream_options?.include_usage === true && plan.fault !== "no-usage",
    drawChunkTokens: () => drawInteger(random, smallest, largest),
  };
  const delivery = { call, plan, answer, form, elapsedMs: () => performance.now() - startedAtMs };
  deliver(delivery, request.stream === true ? form.frames(answer, options) : null);
}

function countPromptTokens({ messages, tools }: ChatRequest): number {
  let tokens = tools === undefined || tools === null ? 0 : approximateTokens(JSON.stringify(tools));
  for (const { content, tool_calls: calls } of messages) {
    tokens += TOKENS_PER_MESSAGE;
    if (typeof content === "string") tokens += approximateTokens(content);
    else if (Array.isArray(content)) {
      for (const part of content) {
        if (part.text !== undefined) tokens += approximateTokens(part.text);
        else if (part.type === "image_url") tokens += TOKENS_PER_IMAGE;
      }
    }
    if (Array.isArray(calls)) tokens += approximateTokens(JSON.stringify(calls));
  }
  return tokens;
}

function hashContent(bytes: Buffer): number {
  return Number.parseInt(hash("sha1", bytes, "hex").slice(0, 8), 16);
}
