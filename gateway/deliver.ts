import { PublicError } from "../models/domain/errors.ts";
import { formatUsd, usdFromNano } from "../models/domain/money.ts";
import { billCall } from "../models/policy/call-bill.ts";
import { answerHeaders } from "./answer-headers.ts";
import { bill } from "./billing.ts";
import type { CacheTurn } from "./cache/consult-cache.ts";
import { answerTape, keepAnswer } from "./cache/keep-answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import { type PassedStream, passStream } from "./pass-stream.ts";
import type { WonAnswer } from "./provider-attempts.ts";
import { wishOf } from "./quality/answer-quality.ts";
import type { RoutedRequest } from "./routing.ts";
import { sendError } from "./send-error.ts";
import { isCostTold } from "./stream-cost.ts";

interface Delivery {
  readonly asked: RoutedRequest;
  readonly exchange: Exchange;
  readonly turn: CacheTurn;
}

/** Passes the provider's answer on as it came, and puts what it cost into the draft and the settlement. */
export function deliver(gateway: Gateway, won: WonAnswer, delivery: Delivery): Promise<void> | undefined {
  if (won.answer.kind === "stream") return deliverStream(gateway, won, delivery);
  deliverJson(gateway, won, delivery);
  return undefined;
}

function deliverJson(gateway: Gateway, won: WonAnswer, { asked, exchange, turn }: Delivery): void {
  if (won.answer.kind !== "json") return;
  const { draft, response, settlements } = exchange;
  const { body, contentType, document, quality } = won.answer;
  const report = { end: "complete", reported: won.usage } as const;
  const { provider } = draft;
  const { tokens, costNano } = bill(gateway, { draft, settlements, provider, hold: won.hold, report });
  draft.tokens = tokens;
  draft.httpStatus = 200;
  // The provider was heard out, since it charges for the answer whether or not anybody is there to get it.
  draft.outcome = response.destroyed ? "aborted" : "ok";
  draft.quality = quality;
  response.writeHead(200, [
    ...answerHeaders(draft),
    "content-type",
    contentType,
    "content-length",
    String(body.length),
    "x-vigor-cost-usd",
    formatUsd(draft.costNano),
  ]);
  response.end(body);
  const madeMs = gateway.monotonicMs() - draft.startedMs;
  const made = {
    kind: "json",
    contentType,
    body,
    document,
    provider: draft.provider,
    costNano,
    madeMs,
  } as const;
  keepAnswer(gateway, turn, { asked, made });
}

async function deliverStream(
  gateway: Gateway,
  won: WonAnswer,
  { asked, exchange, turn }: Delivery,
): Promise<void> {
  if (won.answer.kind !== "stream") return;
  const { draft, response, settlements } = exchange;
  const { contentType } = won.answer;
  draft.firstTokenMs = gateway.monotonicMs() - draft.startedMs;
  draft.httpStatus = 200;
  response.writeHead(200, [
    ...answerHeaders(draft),
    "content-type",
    contentType,
    "cache-control",
    "no-cache",
    // What a stream costs is known when it is over.
    "trailer",
    "x-vigor-cost-usd",
  ]);
  const tape = answerTape(turn);
  const passed = await passStream(won.answer.stream, response, {
    hideUsage: asked.body.stream_options?.include_usage !== true,
    costUsd: isCostTold(asked)
      ? (report) => usdFromNano(draft.costNano + billCall(report, won.hold).costNano)
      : null,
    drainMs: gateway.limits.drainMs,
    wish: wishOf(asked.body),
    onPassed: tape.add,
  });
  const providerMs = gateway.monotonicMs() - won.calledAtMs;
  draft.providerMs += providerMs;
  const outcome = attemptOutcome(passed);
  won.call.end(outcome);
  won.trace?.end({ outcome, usage: passed.report.reported, model: passed.model });
  draft.attempts.push({
    provider: draft.provider,
    outcome,
    ms: Math.round(providerMs * 1000) / 1000,
  });
  draft.quality = passed.quality;
  const { provider } = draft;
  const { tokens, costNano } = bill(gateway, {
    draft,
    settlements,
    provider,
    hold: won.hold,
    report: passed.report,
  });
  draft.tokens = tokens;
  endStream(passed, { draft, response });
  const body = passed.end === "complete" ? tape.body() : null;
  if (body === null) return;
  const madeMs = gateway.monotonicMs() - draft.startedMs;
  const made = { kind: "stream", contentType, body, provider: draft.provider, costNano, madeMs } as const;
  keepAnswer(gateway, turn, { asked, made });
}

function endStream(passed: PassedStream, { draft, response }: Pick<Exchange, "draft" | "response">): void {
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
