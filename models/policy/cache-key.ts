import type { Catalog, Tier } from "../domain/catalog.ts";
import { AUTO_MODEL } from "./route.ts";

/** All that an answer depends on. */
export interface CacheKeyQuestion {
  /** The path below `/v1`: two endpoints may take equal bodies. */
  readonly endpoint: string;
  /** The parsed body, whole: a parameter that nobody has thought of makes another key. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly scope: "user" | "shared";
  readonly appId: string;
  readonly userId: string;
  /** Tells one who was erased from who comes with the same id; 0: nobody was. */
  readonly life: number;
  readonly feature: string;
  /** Out of `Controls.tiers`. */
  readonly tier: Tier;
  readonly providers: Catalog["providers"];
  /** Of one choice, as the gateway imposes it upstream. */
  readonly maxOutputTokens: number;
}

/** Another one makes every answer that was kept before unreachable. */
const FORMAT = 2;

/** They say who asks, or how to send it faster; no provider makes another answer of them. */
const IDENTITY_FIELDS = new Set(["user", "safety_identifier", "prompt_cache_key"]);
/** Of `metadata`, what the gateway itself reads. Whatever else is in it goes to the provider, which may look at it. */
const IDENTITY_METADATA = new Set(["feature", "country", "device"]);
/** Replaced by what the gateway makes of them: the model by what may answer, the limits by the imposed one. */
const REPLACED_FIELDS = new Set([
  "model",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "stream",
]);
/** A provider writes the fields of structured output in the order of their schema, so the order of keys counts in here. */
const ORDERED_FIELDS = new Set(["response_format", "tools", "functions", "text"]);

/**
 * The text that names an answer: two requests with equal texts may get the same answer, and no others. To be hashed: it holds the
 * prompt.
 *
 * `auto` stands for what the tier lets answer, and not for the order of the moment, which changes with the hour and the load; a
 * named provider for itself. The upstream models are part of it, so that an edit of the catalog leaves no answer of an old model.
 * Users of one app share what is `shared`; two apps never share.
 */
export function cacheKeyText(question: CacheKeyQuestion): string {
  const { endpoint, body, scope, appId, userId, life, feature, maxOutputTokens } = question;
  const head = [
    FORMAT,
    endpoint,
    scope === "shared" ? ["shared", appId] : ["user", appId, userId, ...(life === 0 ? [] : [life])],
    feature,
    answerers(question),
    maxOutputTokens,
    body.stream === true,
  ];
  // An array in JSON says where it ends, so what follows it cannot be taken for a part of it.
  return JSON.stringify(head) + canonicalBody(body);
}

function answerers({ body, tier, providers }: CacheKeyQuestion): readonly string[] {
  const requested = body.model;
  const names = requested === AUTO_MODEL ? [...new Set(tier.allowedProviders)].sort() : [String(requested)];
  return [
    requested === AUTO_MODEL ? AUTO_MODEL : "",
    ...names.flatMap((name) => upstreamOf(name, providers)),
  ];
}

function upstreamOf(name: string, providers: Catalog["providers"]): readonly string[] {
  const provider = providers.get(name);
  return provider === undefined ? [] : [name, provider.baseUrl, provider.model];
}

function canonicalBody(body: Readonly<Record<string, unknown>>): string {
  let text = "";
  for (const name of Object.keys(body).sort()) {
    if (IDENTITY_FIELDS.has(name) || REPLACED_FIELDS.has(name)) continue;
    const value = name === "metadata" ? keptMetadata(body.metadata) : body[name];
    if (name === "metadata" && value === null) continue;
    const valueText = ORDERED_FIELDS.has(name) ? JSON.stringify(value) : canonicalJson(value);
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${valueText}`;
  }
  return `{${text}}`;
}

function keptMetadata(metadata: unknown): object | null {
  if (metadata === null || typeof metadata !== "object" || Array.isArray(metadata)) return null;
  const kept = Object.entries(metadata).filter(([name]) => !IDENTITY_METADATA.has(name));
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** JSON with the keys of every object sorted, and no white space. Takes what `JSON.parse` gives. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  for (const name of Object.keys(value).sort())
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalJson(Reflect.get(value, name))}`;
  return `{${text}}`;
}
