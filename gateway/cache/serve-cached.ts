import { admitCached } from "../admission.ts";
import { answerHeaders } from "../answer-headers.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";
import type { SituatedRequest } from "../routing.ts";
import { isCostTold, tellCost } from "../stream-cost.ts";
import type { CachedAnswer } from "./cached-answer.ts";

const MS_PER_SECOND = 1_000;

/** Gives an answer again: a request like any other for the limits of requests, and without cost. Throws the denial of a limit. */
export async function serveCached(
  gateway: Gateway,
  asked: SituatedRequest,
  { answer, exchange }: { readonly answer: CachedAnswer; readonly exchange: Exchange },
): Promise<void> {
  const { draft, response, settlements } = exchange;
  const admission = await admitCached(gateway, asked, draft);
  if (!admission.ok) throw admission.denial;
  settlements.push({ hold: admission.hold, costNano: 0, isSettled: false });
  draft.routeReason = "cache";
  draft.httpStatus = 200;
  draft.outcome = response.destroyed ? "aborted" : "cached";
  draft.cacheSavedNano = answer.costNano;
  draft.cacheMadeMs = answer.madeMs;
  if (answer.kind === "stream") draft.firstTokenMs = gateway.monotonicMs() - draft.startedMs;
  response.writeHead(200, [
    ...answerHeaders(draft, answer.provider),
    "x-vigor-cost-usd",
    "0",
    "content-type",
    answer.contentType,
    "age",
    String(Math.max(0, Math.floor((gateway.now() - answer.storedAtMs) / MS_PER_SECOND))),
    ...(answer.kind === "stream"
      ? ["cache-control", "no-cache"]
      : ["content-length", String(answer.body.length)]),
  ]);
  // A stream's report is of the call that made it.
  const isTold = answer.kind === "stream" && isCostTold(asked);
  response.end(isTold ? tellCost(answer.body, 0) : answer.body);
}
