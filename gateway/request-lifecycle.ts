import type { IncomingMessage, ServerResponse } from "node:http";
import type { Tier } from "../models/domain/catalog.ts";
import { PublicError } from "../models/domain/errors.ts";
import type { UserId } from "../models/domain/ids.ts";
import { safeguardKeys } from "../models/policy/charges.ts";
import type { Controls } from "../models/policy/controls.ts";
import { factsOf, type RequestFacts } from "../models/policy/request-facts.ts";
import { type Candidate, routeRequest } from "../models/policy/route.ts";
import { gate } from "../models/policy/safeguards.ts";
import { settle } from "./admission.ts";
import { bearerToken, identifyCaller } from "./caller.ts";
import { type ChatRequest, parseChatRequest } from "./chat-request.ts";
import { deliver } from "./deliver.ts";
import type { Gateway } from "./gateway.ts";
import { firstAnswer, type Settlements } from "./provider-attempts.ts";
import { ClientGone, readBody } from "./read-body.ts";
import { eventOf, newDraft, type RequestDraft } from "./request-draft.ts";
import { sendError } from "./send-error.ts";

/**
 * The way of a request: understand > admit > route > call > settle > record. Whatever becomes of it, one event is written
 * when it is over, and only when that is durable are its reservations let go.
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
    const asked = await understand(gateway, request, draft);
    const won = await firstAnswer(gateway, asked, { draft, settlements });
    await deliver(gateway, won, { asked, draft, response, settlements });
  } catch (error) {
    refuse(gateway, error, { draft, response });
  }
  if (draft.appId === "") return;
  gateway.recorder.record(eventOf(draft, gateway.monotonicMs()), async () => {
    for (const { hold, costNano } of settlements) await settle(gateway, hold, costNano);
  });
}

/** A request whose caller, limits and possible providers are known. */
export interface UnderstoodRequest {
  readonly chat: ChatRequest;
  readonly userId: UserId;
  readonly tier: Tier;
  readonly controls: Controls;
  readonly facts: RequestFacts;
  readonly candidates: readonly Candidate[];
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

async function understand(
  gateway: Gateway,
  request: IncomingMessage,
  draft: RequestDraft,
): Promise<UnderstoodRequest> {
  const controls = gateway.controls.current();
  draft.controlsVersion = controls.version;
  const body = await readBody(request, gateway.limits.maxBodyBytes);
  const chat = parseChatRequest(body);
  const facts = boundedFacts(chat, body.length);
  draft.requestedModel = chat.model;
  draft.stream = chat.stream === true;
  const caller = identifyCaller(request, chat);
  Object.assign(draft, caller);
  const user = await gateway.directory.meet(caller.userId, controls.catalog.defaultTier.name);
  const tier = controls.tiers.get(user.tier) ?? controls.catalog.defaultTier;
  draft.tier = tier.name;
  const candidates = await findProviders(gateway, { controls, tier, chat, feature: caller.feature });
  return { chat, userId: caller.userId, tier, controls, facts, candidates };
}

/** Throws when a parameter would make the cost unbounded: what cannot be bounded cannot be kept within a budget. */
function boundedFacts(chat: ChatRequest, bodyBytes: number): RequestFacts {
  const facts = factsOf(chat, bodyBytes);
  if (facts.refusedParam === null) return facts;
  const message = `${facts.refusedParam} is not valid, or makes what the request can cost unbounded`;
  throw new PublicError("invalid_request", message, { param: facts.refusedParam });
}

interface RoutedRequest {
  readonly controls: Controls;
  readonly tier: Tier;
  readonly chat: ChatRequest;
  readonly feature: string;
}

/** The gates that refuse a request whatever it asks for, then the providers that it may be sent to, in order. */
async function findProviders(gateway: Gateway, routed: RoutedRequest): Promise<readonly Candidate[]> {
  const { controls, tier, chat, feature } = routed;
  const nowMs = gateway.now();
  const windows = gateway.windows(nowMs);
  const { day } = windows;
  const keys = safeguardKeys(windows);
  const [dayState, weekState] = await gateway.usage.read([keys.day, keys.week]);
  const none = { used: 0, reserved: 0 };
  const stage = gateway.safeguards.look({ day: dayState ?? none, week: weekState ?? none }, controls);
  const closed = gate({ controls, tier, stage });
  if (closed !== null) {
    const endsAtMs = closed.endsAtMs ?? day.endMs;
    const retryAfterSeconds = Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000));
    throw new PublicError(closed.code, closed.message, { retryAfterSeconds });
  }
  const route = routeRequest({
    controls,
    tier,
    requestedModel: chat.model,
    feature,
    hourOfDay: hourOfDay(nowMs, day),
    stage,
    highLoad: false,
    unavailable: gateway.providers.unavailable(),
    draw: Math.random(),
  });
  if (!route.ok) throw new PublicError(route.code, route.message, { param: "model" });
  return route.candidates;
}

const HOUR_MS = 3_600_000;

function hourOfDay(nowMs: number, day: { startMs: number }): number {
  return Math.min(23, Math.floor((nowMs - day.startMs) / HOUR_MS));
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
  sendError(response, known);
}

function internalError(gateway: Gateway, error: unknown, draft: RequestDraft): PublicError {
  gateway.logger.error({ err: error, requestId: draft.requestId }, "a request failed by a bug");
  return new PublicError(
    "internal_error",
    `the gateway failed; its log has the reason under ${draft.requestId}`,
  );
}
