import type { IncomingMessage, ServerResponse } from "node:http";
import { PublicError } from "../models/domain/errors.ts";
import type { AppId } from "../models/domain/ids.ts";
import type { RequestEvent } from "../models/domain/request-event.ts";
import { settle } from "./admission.ts";
import { type Settlements, sumOf } from "./billing.ts";
import { type CacheTurn, consultCache } from "./cache/consult-cache.ts";
import { serveCached } from "./cache/serve-cached.ts";
import { bearerToken } from "./caller.ts";
import { deliver } from "./deliver.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import type { Endpoint } from "./model-request.ts";
import { firstAnswer } from "./provider-attempts.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import { ClientGone, readBody } from "./read-body.ts";
import { eventOf, newDraft, type RequestDraft } from "./request-draft.ts";
import { chooseProviders, passGates, route, type SituatedRequest } from "./routing.ts";
import { sendError, statusOf } from "./send-error.ts";
import { type UnderstoodRequest, understand } from "./understand.ts";
import { CountersUnknownError, UsageStoreError } from "./usage-store.ts";

/**
 * The way of a request: understand > cache > route > wait for a slot > admit > call > settle > record. Whatever becomes of it, one event
 * is written when it is over, and only when that is durable are its reservations let go.
 *
 * Only a request without a valid key leaves no event: it belongs to no app, and anybody could fill the log with it.
 */
export function serveModel(endpoint: Endpoint, isServing: () => boolean) {
  return (gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> =>
    serve(gateway, { endpoint, request, response, isServing });
}

async function serve(
  gateway: Gateway,
  {
    endpoint,
    request,
    response,
    isServing,
  }: Pick<Exchange, "endpoint" | "request" | "response"> & { readonly isServing: () => boolean },
): Promise<void> {
  const draft = newDraft(gateway.newIds(), { ts: gateway.now(), startedMs: gateway.monotonicMs() });
  const exchange: Exchange = {
    endpoint,
    request,
    response,
    draft,
    settlements: [],
    tried: new Set(),
    afterwards: [],
    trace: gateway.tracing === null ? null : gateway.tracing.begin(endpoint, request.headers),
    isGone: () => response.destroyed,
  };
  let refusal: PublicError | null = null;
  try {
    const app = gateway.directory.appOf(bearerToken(request));
    draft.appId = requireKnown(app instanceof Promise ? await app : app);
    if (!isServing()) throw new PublicError("not_ready", "the gateway is stopping", { retryAfterSeconds: 1 });
    await serveKnownApp(gateway, exchange);
  } catch (error) {
    refusal = refuse(gateway, error, { draft, response });
  }
  const endedMs = gateway.monotonicMs();
  if (draft.appId === "" || (refusal !== null && exchange.settlements.length === 0)) {
    if (refusal !== null) await denyUnreserved(gateway, exchange, { refusal, endedMs });
    return;
  }
  if (refusal !== null) sendRefusal(refusal, exchange);
  if (exchange.afterwards.length > 0) await Promise.all(exchange.afterwards);
  const event = finish(gateway, exchange, endedMs);
  gateway.recorder.record(event, () => settleAll(gateway, exchange.settlements));
}

/** With nothing reserved, a crash would leave nothing of the request: its event comes before its answer. */
async function denyUnreserved(
  gateway: Gateway,
  exchange: Exchange,
  { refusal, endedMs }: { readonly refusal: PublicError; readonly endedMs: number },
): Promise<void> {
  const isRecorded =
    exchange.draft.appId !== "" && (await gateway.recorder.recordDenial(finish(gateway, exchange, endedMs)));
  if (!isRecorded) gateway.metrics.observeWithoutEvent(refusal.code);
  sendRefusal(refusal, exchange);
}

function finish(gateway: Gateway, { draft, settlements, trace }: Exchange, endedMs: number): RequestEvent {
  noteQuestion(gateway, draft);
  // With what was under way when something failed.
  draft.costNano = sumOf(settlements);
  const event = eventOf(draft, endedMs);
  gateway.metrics.observe(event);
  trace?.end(event);
  return event;
}

async function settleAll(gateway: Gateway, settlements: Settlements): Promise<void> {
  for (const { hold, costNano, isSettled } of settlements) {
    if (!isSettled) await settle(gateway, hold, costNano);
  }
}

/** A user who asks the same again at once says something about the answer. */
function noteQuestion({ questions, now }: Gateway, draft: RequestDraft): void {
  const { question, provider, outcome, ts } = draft;
  if (question === "") return;
  draft.askedAgainOf = questions.answererOf(question, ts);
  if (outcome === "ok") questions.answered(question, { provider, atMs: now() });
}

function requireKnown(appId: AppId | null): AppId {
  if (appId === null) throw new PublicError("invalid_key", "the key is unknown or revoked");
  return appId;
}

async function serveKnownApp(gateway: Gateway, exchange: Exchange): Promise<void> {
  const { slots, recorder, limits, controls } = gateway;
  if (!recorder.accepting()) {
    throw new PublicError("log_unavailable", "events cannot be recorded at the moment", {
      retryAfterSeconds: 2,
    });
  }
  if (!slots.enter()) throw slots.overload();
  try {
    exchange.draft.controlsVersion = controls.current().version;
    const bytes = await readBody(exchange.request, limits.maxBodyBytes);
    await gateway.arrivals.join();
    const asked = understand(bytes, exchange, controls.current().catalog.extraParameters);
    const { requestId, appId } = exchange.draft;
    // Before the answer: a rating may come with the next packet.
    if (appId !== "") gateway.ownRequests.add({ id: requestId, app: appId, user: asked.userId });
    const endOfRequest = gateway.load.begin(asked.userId);
    try {
      await serveUnderstood(gateway, asked, exchange);
    } finally {
      endOfRequest();
    }
  } finally {
    slots.leave();
  }
}

/** An answer that is there already needs neither a slot nor a provider that works. */
async function serveUnderstood(
  gateway: Gateway,
  asked: UnderstoodRequest,
  exchange: Exchange,
): Promise<void> {
  const situated = await passGates(gateway, asked, exchange.draft);
  const consulted = consultCache(gateway, situated, exchange);
  const turn = consulted instanceof Promise ? await consulted : consulted;
  exchange.draft.cacheStatus = turn.status;
  if (turn.status === "hit") return serveCached(gateway, situated, { answer: turn.answer, exchange });
  try {
    await serveFromProvider(gateway, situated, { exchange, turn });
  } finally {
    if (turn.status === "miss") turn.flight?.land(null);
  }
}

async function serveFromProvider(
  gateway: Gateway,
  situated: SituatedRequest,
  { exchange, turn }: { readonly exchange: Exchange; readonly turn: CacheTurn },
): Promise<void> {
  const { draft, response } = exchange;
  let asked = route(gateway, situated);
  const slot = gateway.slots.take({
    premium: asked.tier.premium,
    onGone: (gone) => response.once("close", gone),
  });
  const giveBack = await slot;
  try {
    // Who has waited is looked at again: what was directed meanwhile holds for them, too.
    if (slot instanceof Promise) asked = await chooseProviders(gateway, situated, draft);
    const won = await firstAnswer(gateway, asked, exchange);
    try {
      const delivered = deliver(gateway, won, { exchange, asked, turn });
      if (delivered !== undefined) await delivered;
    } finally {
      won.call.cancel();
    }
  } finally {
    giveBack();
  }
}

/** Puts into the draft what became of the request; null: nobody is there to be told. */
function refuse(
  gateway: Gateway,
  error: unknown,
  { draft, response }: { draft: RequestDraft; response: ServerResponse },
): PublicError | null {
  if (error instanceof ClientGone) {
    draft.outcome = "aborted";
    return null;
  }
  const known = publicErrorOf(gateway, error, draft);
  // Once a provider was called, it is a failure of the service; before that, a refusal.
  draft.outcome = draft.attempts.length > 0 || known.code === "internal_error" ? "failed" : "denied";
  draft.denialReason = known.code;
  draft.httpStatus = statusOf(known, response);
  return known;
}

function sendRefusal(refusal: PublicError, { draft, response }: Exchange): void {
  if (!response.headersSent) {
    response.setHeader("x-vigor-request-id", draft.requestId);
    response.setHeader("x-request-id", draft.requestId);
    const limits = rateLimitHeaders(draft);
    for (let at = 0; at < limits.length; at += 2) response.setHeader(limits[at] ?? "", limits[at + 1] ?? "");
  }
  sendError(response, refusal);
}

function publicErrorOf(gateway: Gateway, error: unknown, draft: RequestDraft): PublicError {
  if (error instanceof PublicError) return error;
  if (error instanceof CountersUnknownError) {
    gateway.logger.error({ err: error, requestId: draft.requestId }, "a limit's use is not known");
    const message =
      "what was used of a limit of this request is not known, so it cannot be kept; see the gateway's log";
    return new PublicError("usage_store_unavailable", message, { retryAfterSeconds: 60, cause: error });
  }
  if (error instanceof UsageStoreError) {
    gateway.logger.error({ err: error, requestId: draft.requestId }, "budgets cannot be checked");
    const message = "budgets cannot be checked at the moment";
    return new PublicError("usage_store_unavailable", message, { retryAfterSeconds: 1, cause: error });
  }
  gateway.logger.error({ err: error, requestId: draft.requestId }, "a request failed by a bug");
  return new PublicError(
    "internal_error",
    `the gateway failed; its log has the reason under ${draft.requestId}`,
  );
}
