import type { IncomingMessage } from "node:http";
import { PublicError } from "../models/domain/errors.ts";
import type { UserId } from "../models/domain/ids.ts";
import { factsOf, type RequestFacts } from "../models/policy/request-facts.ts";
import { identifyCaller } from "./caller.ts";
import { type ChatRequest, parseChatRequest } from "./chat-request.ts";
import type { Gateway } from "./gateway.ts";
import { readBody } from "./read-body.ts";
import type { RequestDraft } from "./request-draft.ts";

/** A request whose body and caller are known. */
export interface UnderstoodRequest {
  readonly chat: ChatRequest;
  readonly facts: RequestFacts;
  readonly userId: UserId;
  readonly feature: string;
}

/** Throws {@link PublicError} for what cannot be served at all, whoever asks, and when. */
export async function understand(
  gateway: Gateway,
  request: IncomingMessage,
  draft: RequestDraft,
): Promise<UnderstoodRequest> {
  draft.controlsVersion = gateway.controls.current().version;
  const body = await readBody(request, gateway.limits.maxBodyBytes);
  const chat = parseChatRequest(body);
  const facts = boundedFacts(chat, body.length);
  draft.requestedModel = chat.model;
  draft.stream = chat.stream === true;
  const { userId, feature, country, device } = identifyCaller(request, chat);
  Object.assign(draft, { userId, feature, country, device });
  return { chat, facts, userId, feature };
}

/** Throws when a parameter would make the cost unbounded: what cannot be bounded cannot be kept within a budget. */
function boundedFacts(chat: ChatRequest, bodyBytes: number): RequestFacts {
  const facts = factsOf(chat, bodyBytes);
  if (facts.refusedParam === null) return facts;
  const message = `${facts.refusedParam} is not valid, or makes what the request can cost unbounded`;
  throw new PublicError("invalid_request", message, { param: facts.refusedParam });
}
