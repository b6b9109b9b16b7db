import type { UserId } from "../models/domain/ids.ts";
import { neededCapabilities } from "../models/policy/ability.ts";
import { factsOf, type RequestFacts } from "../models/policy/request-facts.ts";
import { identifyCaller } from "./caller.ts";
import type { Exchange } from "./exchange.ts";
import type { ModelRequest, ParsedRequest, RequestBody } from "./model-request.ts";
import { parseRequest } from "./parse-request.ts";
import { questionOf } from "./quality/recent-questions.ts";

/** A request whose body and caller are known. */
export interface UnderstoodRequest extends ModelRequest {
  readonly facts: RequestFacts;
  readonly userId: UserId;
  readonly feature: string;
}

/**
 * `extraNames`: parameters beside the table's that the catalog allows somewhere.
 * Throws `PublicError` for what cannot be served at all, whoever asks, and when.
 */
export function understand(
  bytes: Buffer,
  { endpoint, request, draft }: Pick<Exchange, "endpoint" | "request" | "draft">,
  extraNames: ReadonlySet<string>,
): UnderstoodRequest {
  const parsed = parseRequest(endpoint, bytes, extraNames);
  const body = readable(parsed);
  const facts = factsOf(parsed, bytes.length);
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
  return { endpoint, body, parsed, facts, userId, feature };
}

function readable({ body, extra }: ParsedRequest): RequestBody {
  return extra === null ? body : { ...extra, ...body };
}
