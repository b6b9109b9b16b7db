import type { Attributes } from "@opentelemetry/api";
import type { AdapterName, Provider } from "../../models/domain/catalog.ts";
import { usdFromNano } from "../../models/domain/money.ts";
import { cachedTokensOf, inputTokensOf, outputTokensOf } from "../../models/domain/price.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import type { Endpoint } from "../model-request.ts";
import { wishOf } from "../quality/answer-quality.ts";
import type { EndedCall, TracedCall } from "./tracing.ts";

/** Names after https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and the conventions of HTTP. Never any content. */

export const ROUTES: Readonly<Record<Endpoint, string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  embeddings: "/v1/embeddings",
};

/** Both of the endpoints that talk are chats to the conventions. */
const OPERATIONS: Readonly<Record<Endpoint, string>> = {
  chat: "chat",
  responses: "chat",
  embeddings: "embeddings",
};

const PROVIDERS: Readonly<Record<AdapterName, string>> = {
  openai: "openai",
  "openai-compatible": "openai-compatible",
  gemini: "gcp.gemini",
  perplexity: "perplexity",
};

export function callName({ target, request }: TracedCall): string {
  return `${OPERATIONS[request.endpoint]} ${target.model}`;
}

export function callAttributes({ target, request, maxOutputTokens }: TracedCall): Attributes {
  const { endpoint, body } = request;
  const { wantsJson, choices } = wishOf(body);
  const isChat = endpoint !== "embeddings";
  return {
    "gen_ai.operation.name": OPERATIONS[endpoint],
    "gen_ai.provider.name": PROVIDERS[target.adapter],
    "gen_ai.request.model": target.model,
    ...addressOf(target),
    ...(isChat && { "gen_ai.request.max_tokens": maxOutputTokens }),
    ...(isChat && { "gen_ai.output.type": wantsJson ? "json" : "text" }),
    ...(choices > 1 && { "gen_ai.request.choice.count": choices }),
    ...numberOf(body.temperature, "gen_ai.request.temperature"),
    ...numberOf(body.top_p, "gen_ai.request.top_p"),
    "vigor.provider": target.name,
  };
}

export function endAttributes({ outcome, usage, model = "" }: EndedCall): Attributes {
  return {
    ...(outcome !== "ok" && { "error.type": outcome }),
    ...(model !== "" && { "gen_ai.response.model": model }),
    ...(usage && {
      "gen_ai.usage.input_tokens": inputTokensOf(usage),
      "gen_ai.usage.output_tokens": outputTokensOf(usage),
      "gen_ai.usage.cache_read.input_tokens": cachedTokensOf(usage),
    }),
  };
}

export function requestAttributes(endpoint: Endpoint): Attributes {
  return { "http.request.method": "POST", "http.route": ROUTES[endpoint], "url.path": ROUTES[endpoint] };
}

/** Who the end user is stays out of it: a trace leaves the house. */
export function outcomeAttributes(event: RequestEvent): Attributes {
  return {
    ...(event.http_status !== 0 && { "http.response.status_code": event.http_status }),
    ...(isFailed(event) && { "error.type": event.denial_reason || event.outcome }),
    "vigor.request_id": event.request_id,
    "vigor.outcome": event.outcome,
    "vigor.tier": event.tier,
    "vigor.feature": event.feature,
    "vigor.provider": event.provider,
    "vigor.route_reason": event.route_reason,
    "vigor.cost_usd": usdFromNano(event.cost),
    "vigor.overhead_us": event.overhead_us,
    ...(event.stream && { "vigor.ttft_ms": event.ttft_ms }),
  };
}

/** What the client did wrong is no error of the server. */
export function isFailed({ outcome, http_status: status }: RequestEvent): boolean {
  return outcome === "failed" || status >= 500;
}

function addressOf({ baseUrl }: Provider): Attributes {
  const { hostname, port, protocol } = new URL(baseUrl);
  const implied = protocol === "https:" ? 443 : 80;
  return { "server.address": hostname, "server.port": port === "" ? implied : Number(port) };
}

function numberOf(value: unknown, name: string): Attributes {
  return typeof value === "number" ? { [name]: value } : {};
}
