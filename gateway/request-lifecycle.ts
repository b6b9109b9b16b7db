import type { IncomingMessage, ServerResponse } from "node:http";
import { PublicError } from "../models/domain/errors.ts";
import { settle } from "./admission.ts";
import { bearerToken } from "./caller.ts";
import { deliver } from "./deliver.ts";
import type { Gateway } from "./gateway.ts";
import { firstAnswer, type Settlements } from "./provider-attempts.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import { ClientGone } from "./read-body.ts";
import { eventOf, newDraft, type RequestDraft } from "./request-draft.ts";
import { chooseProviders, type RoutedRequest } from "./routing.ts";
import { sendError } from "./send-error.ts";
import { type UnderstoodRequest, understand } from "./understand.ts";

/** What a request's steps share. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly draft: RequestDraft;
}

/**
 * The way of a request: understand > route > wait for a slot > admit > call > settle > record. Whatever becomes of it, one event
 * is written when it is over, and only when that is durable are its reservations let go.
 *
 * Only a request without a valid key leaves no event: it belongs to no app, and anybody could fill the log with it.
 */
export async function serveChat(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const draft = newDraft(gateway.newIds(), { ts: gateway.now(), startedMs: gateway.monotonicMs() });
  const settlements: Settlements = [];
  response.setHeader("x-vigor-request-id", draft.requestId);
  try {
    await authenticate(gateway, request, draft);
    await serveKnownApp(gateway, { request, response, draft }, settlements);
  } catch (error) {
    refuse(gateway, error, { draft, response });
  }
  if (draft.appId === "") return;
  gateway.recorder.record(eventOf(draft, gateway.monotonicMs()), async () => {
    for (const { hold, costNano, isSettled } of settlements) {
      if (!isSettled) await settle(gateway, hold, costNano);
    }
  });
}

async function authenticate(gateway: Gateway, request: IncomingMessage, draft: RequestDraft): Promise<void> {
  const appId = await gateway.directory.appOf(bearerToken(request));
  if (appId === null) throw new PublicError("invalid_key", "the key is unknown or revoked");
  draft.appId = appId;
  if (!gateway.recorder.accepting()) {
    throw new PublicError("log_unavailable", "events cannot be recorded at the moment", {
      retryAfterSeconds: 2,
    });
  }
}

async function serveKnownApp(gateway: Gateway, exchange: Exchange, settlements: Settlements): Promise<void> {
  const { slots } = gateway;
  if (!slots.enter()) throw slots.overload();
  try {
    const asked = await understand(gateway, exchange.request, exchange.draft);
    const endOfRequest = gateway.load.begin(asked.userId);
    try {
      await serveUnderstood(gateway, { ...exchange, asked, settlements });
    } finally {
      endOfRequest();
    }
  } finally {
    slots.leave();
  }
}

async function serveUnderstood(
  gateway: Gateway,
  work: Exchange & { readonly asked: UnderstoodRequest; readonly settlements: Settlements },
): Promise<void> {
  const { asked, draft, response } = work;
  let routed = await chooseProviders(gateway, asked, draft);
  const slot = gateway.slots.take({
    premium: routed.tier.premium,
    onGone: (gone) => response.once("close", gone),
  });
  const giveBack = await slot;
  try {
    // Who has waited is looked at again: what was directed meanwhile holds for them, too.
    if (slot instanceof Promise) routed = await chooseProviders(gateway, asked, draft);
    await serveInSlot(gateway, routed, work);
  } finally {
    giveBack();
  }
}

async function serveInSlot(
  gateway: Gateway,
  asked: RoutedRequest,
  { draft, response, settlements }: Exchange & { readonly settlements: Settlements },
): Promise<void> {
  const won = await firstAnswer(gateway, asked, { draft, settlements, isGone: () => response.destroyed });
  await deliver(gateway, won, { asked, draft, response, settlements });
}

function refuse(
  gateway: Gateway,
  error: unknown,
  { draft, response }: { draft: RequestDraft; response: ServerResponse },
): void {
  if (error instanceof ClientGone) {
    draft.outcome = "aborted";
    return;
  }
  const known = error instanceof PublicError ? error : internalError(gateway, error, draft);
  // Once a provider was called, it is a failure of the service; before that, a refusal.
  draft.outcome = draft.attempts.length > 0 || known.code === "internal_error" ? "failed" : "denied";
  draft.denialReason = known.code;
  draft.httpStatus = known.status;
  if (!response.headersSent) {
    for (const [name, value] of Object.entries(rateLimitHeaders(draft))) response.setHeader(name, value);
  }
  sendError(response, known);
}

function internalError(gateway: Gateway, error: unknown, draft: RequestDraft): PublicError {
  gateway.logger.error({ err: error, requestId: draft.requestId }, "a request failed by a bug");
  return new PublicError(
    "internal_error",
    `the gateway failed; its log has the reason under ${draft.requestId}`,
  );
}
