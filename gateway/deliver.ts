import type { ServerResponse } from "node:http";
import { PublicError } from "../models/domain/errors.ts";
import { formatUsd } from "../models/domain/money.ts";
import { costOf, type TokenUsage } from "../models/domain/price.ts";
import type { Hold } from "./admission.ts";
import type { Gateway } from "./gateway.ts";
import { type PassedStream, passStream } from "./pass-stream.ts";
import { costOfAnswer, type Settlements, type WonAnswer } from "./provider-attempts.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { RoutedRequest } from "./routing.ts";
import { sendError } from "./send-error.ts";

interface Delivery {
  readonly asked: RoutedRequest;
  readonly draft: RequestDraft;
  readonly response: ServerResponse;
  readonly settlements: Settlements;
}

/** Passes the provider's answer on as it came, and puts what it cost into the draft and the settlement. */
export async function deliver(gateway: Gateway, won: WonAnswer, delivery: Delivery): Promise<void> {
  if (won.answer.kind === "json") deliverJson(gateway, won, delivery);
  else await deliverStream(gateway, won, delivery);
}

function deliverJson(gateway: Gateway, won: WonAnswer, { draft, response, settlements }: Delivery): void {
  if (won.answer.kind !== "json") return;
  const { body, contentType } = won.answer;
  bill(gateway, { draft, settlements, hold: won.hold, costNano: costOfAnswer(won.usage, won.hold) });
  const { inputTokens, outputTokens } = won.tokens;
  draft.tokens = won.usage ?? { input: inputTokens, cachedInput: 0, output: outputTokens, reasoning: 0 };
  draft.httpStatus = 200;
  // The provider was heard out, since it charges for the answer whether or not anybody is there to get it.
  draft.outcome = response.destroyed ? "aborted" : "ok";
  response.writeHead(200, {
    ...answerHeaders(draft),
    "content-type": contentType,
    "content-length": body.length,
    "x-vigor-cost-usd": formatUsd(draft.costNano),
  });
  response.end(body);
}

async function deliverStream(gateway: Gateway, won: WonAnswer, delivery: Delivery): Promise<void> {
  if (won.answer.kind !== "stream") return;
  const { asked, draft, response, settlements } = delivery;
  draft.firstTokenMs = gateway.monotonicMs() - draft.startedMs;
  draft.httpStatus = 200;
  response.writeHead(200, {
    ...answerHeaders(draft),
    "content-type": won.answer.contentType,
    "cache-control": "no-cache",
    // What a stream costs is known when it is over.
    trailer: "x-vigor-cost-usd",
  });
  const passed = await passStream(won.answer.stream, response, {
    hideUsage: asked.chat.stream_options?.include_usage !== true,
    drainMs: gateway.limits.drainMs,
  });
  const providerMs = gateway.monotonicMs() - won.calledAtMs;
  draft.providerMs += providerMs;
  draft.attempts.push({
    provider: draft.provider,
    outcome: attemptOutcome(passed),
    ms: Math.round(providerMs * 1000) / 1000,
  });
  draft.tokens = passed.usage ?? countedTokens(passed, won);
  bill(gateway, { draft, settlements, hold: won.hold, costNano: costOf(draft.tokens, won.hold.price) });
  endStream(passed, { draft, response });
}

function endStream(passed: PassedStream, { draft, response }: Pick<Delivery, "draft" | "response">): void {
  if (passed.end === "client-gone") {
    draft.outcome = "aborted";
    return;
  }
  if (passed.end === "complete") {
    draft.outcome = "ok";
    response.addTrailers({ "x-vigor-cost-usd": formatUsd(draft.costNano) });
    response.end();
    return;
  }
  draft.outcome = "failed";
  draft.denialReason = "provider_error";
  sendError(response, new PublicError("provider_error", "the provider's stream broke off"));
}

function attemptOutcome({ end }: PassedStream): "ok" | "aborted" | "connection" {
  if (end === "complete") return "ok";
  return end === "client-gone" ? "aborted" : "connection";
}

/** English has about four bytes a token, CJK text two to three; fewer make the count err on the provider's side. */
const BYTES_PER_TOKEN = 2;

/** What a stream without a usage report is billed: its input at the bound, its output by what came, at most the bound. */
function countedTokens({ generatedBytes }: PassedStream, { tokens }: WonAnswer): TokenUsage {
  const output = Math.min(tokens.outputTokens, Math.ceil(generatedBytes / BYTES_PER_TOKEN));
  return { input: tokens.inputTokens, cachedInput: 0, output, reasoning: 0 };
}

interface Bill {
  readonly draft: RequestDraft;
  readonly settlements: Settlements;
  readonly hold: Hold;
  readonly costNano: number;
}

/** In full, even above the bound: that was promised to the provider, and is told to people. */
function bill(gateway: Gateway, { draft, settlements, hold, costNano }: Bill): void {
  if (costNano > hold.bound) {
    const { requestId, provider } = draft;
    gateway.overBounds.add({ requestId, provider, boundNano: hold.bound, costNano });
  }
  const settlement = settlements.find((entry) => entry.hold === hold);
  if (settlement !== undefined) settlement.costNano = costNano;
  draft.costNano = settlements.reduce((sum, entry) => sum + entry.costNano, 0);
}

function answerHeaders(draft: RequestDraft): Record<string, string> {
  return {
    "x-vigor-provider": draft.provider,
    "x-vigor-cache": "bypass",
    "x-vigor-tier": draft.tier,
    ...rateLimitHeaders(draft),
  };
}
