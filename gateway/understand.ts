import { PublicError } from "../models/domain/errors.ts";
import type { UserId } from "../models/domain/ids.ts";
import { neededCapabilities } from "../models/policy/ability.ts";
import { embeddingFactsOf, factsOf, type RequestFacts } from "../models/policy/request-facts.ts";
import { identifyCaller } from "./caller.ts";
import type { Exchange } from "./exchange.ts";
import type { Endpoint, ModelRequest, RequestBody } from "./model-request.ts";
import { parseRequest } from "./parse-request.ts";
import { questionOf } from "./quality/recent-questions.ts";

/** A request whose body and caller are known. */
export interface UnderstoodRequest extends ModelRequest {
  readonly facts: RequestFacts;
  readonly userId: UserId;
  readonly feature: string;
}

/** Throws {@link PublicError} for what cannot be served at all, whoever asks, and when. */
export function understand(
  bytes: Buffer,
  { endpoint, request, draft }: Pick<Exchange, "endpoint" | "request" | "draft">,
): UnderstoodRequest {
  const body = parseRequest(endpoint, bytes);
  const facts = boundedFacts(endpoint, body, bytes.length);
  draft.requestedModel = body.model;
  draft.needs = neededCapabilities(facts);
  draft.stream = body.stream === true;
  const { userId, feature, country, device } = identifyCaller(request, body);
  draft.userId = userId;
  draft.feature = feature;
  draft.country = country;
  draft.device = device;
  // Vectors are asked for again by programs, not by people.
  if (endpoint !== "embeddings") draft.question = questionOf(userId, bytes);
  return { endpoint, body, facts, userId, feature };
}

/** Throws when a parameter would make the cost unbounded: what cannot be bounded cannot be kept within a budget. */
function boundedFacts(endpoint: Endpoint, body: RequestBody, bodyBytes: number): RequestFacts {
  const facts = endpoint === "embeddings" ? embeddingFactsOf(body, bodyBytes) : factsOf(body, bodyBytes);
  if (facts.refusedParam === null) return facts;
  const message = `${facts.refusedParam} is not valid, or makes what the request can cost unbounded`;
  throw new PublicError("invalid_request", message, { param: facts.refusedParam });
}
