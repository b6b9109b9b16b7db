import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CacheKeyQuestion, cacheKeyText, canonicalJson } from "../../../models/policy/cache-key.ts";
import { cacheLifetimeMs, HIGH_LOAD_FACTOR } from "../../../models/policy/cache-lifetime.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { testCatalog } from "../../support/test-catalog.ts";
import { issue } from "./issue.ts";

const catalog = testCatalog({
  features: {
    plan: { cache: { minutes: 60 } },
    advice: { cache: { minutes: 10, scope: "shared" } },
    chat: {},
  },
});
const tierOf = (name: string) => catalog.tiers.get(name) ?? catalog.defaultTier;
const body = {
  model: "auto",
  messages: [{ role: "user", content: "hello" }],
  temperature: 0.5,
  metadata: { feature: "plan", session: "7" },
};
const question: CacheKeyQuestion = {
  endpoint: "/chat/completions",
  body,
  scope: "user",
  appId: "app",
  userId: "ada",
  life: 0,
  feature: "plan",
  tier: tierOf("free"),
  providers: catalog.providers,
  maxOutputTokens: 200,
};
const key = (changed: Partial<CacheKeyQuestion> = {}) => cacheKeyText({ ...question, ...changed });
const withBody = (changed: Record<string, unknown>) => key({ body: { ...body, ...changed } });

describe("the key of a cached answer", () => {
  it.each<[string, string]>([
    ["the endpoint", key({ endpoint: "/responses" })],
    ["the user, where answers are a user's own", key({ userId: "bob" })],
    ["the app", key({ appId: "other" })],
    ["the feature", key({ feature: "advice" })],
    ["the scope", key({ scope: "shared" })],
    ["the providers of the tier", key({ tier: tierOf("unlimited") })],
    ["the imposed output limit", key({ maxOutputTokens: 100 })],
    ["the model that was asked for", withBody({ model: "cheap" })],
    ["the messages", withBody({ messages: [{ role: "user", content: "hello!" }] })],
    ["the order of messages", withBody({ messages: [...body.messages, { role: "user", content: "a" }] })],
    ["temperature", withBody({ temperature: 0.6 })],
    ["top_p", withBody({ top_p: 0.5 })],
    ["n", withBody({ n: 2 })],
    ["seed", withBody({ seed: 1 })],
    ["stop", withBody({ stop: ["x"] })],
    ["presence_penalty", withBody({ presence_penalty: 1 })],
    ["frequency_penalty", withBody({ frequency_penalty: 1 })],
    ["logit_bias", withBody({ logit_bias: { "50256": -100 } })],
    ["logprobs", withBody({ logprobs: true })],
    ["reasoning_effort", withBody({ reasoning_effort: "high" })],
    ["service_tier", withBody({ service_tier: "flex" })],
    ["tools", withBody({ tools: [{ type: "function", function: { name: "f" } }] })],
    ["tool_choice", withBody({ tool_choice: "none" })],
    ["response_format", withBody({ response_format: { type: "json_object" } })],
    ["whether it streams", withBody({ stream: true })],
    ["what a stream tells of its usage", withBody({ stream: true, stream_options: { include_usage: true } })],
    ["metadata that the provider may read", withBody({ metadata: { session: "8" } })],
    ["a parameter that nobody has heard of", withBody({ some_new_parameter: 1 })],
  ])("has %s in it", (_what, other) => {
    expect(other).not.toBe(key());
  });

  it("has an upstream model in it, so that an edit of the catalog leaves no answer of the old one", () => {
    const edited = new Map(catalog.providers);
    const cheap = edited.get("cheap");
    if (cheap === undefined) throw new Error("there is no provider cheap");
    edited.set("cheap", { ...cheap, model: "newer" });
    expect(key({ providers: edited })).not.toBe(key());
  });

  it("has the order of a schema's fields in it, which is the order of the answer's", () => {
    const schema = (properties: object) =>
      withBody({ response_format: { type: "json_schema", json_schema: { schema: { properties } } } });
    expect(schema({ a: {}, b: {} })).not.toBe(schema({ b: {}, a: {} }));
  });

  it("has nothing in it that cannot change the answer", () => {
    expect(withBody({ user: "x", safety_identifier: "y", prompt_cache_key: "z" })).toBe(key());
    expect(withBody({ metadata: { session: "7", country: "DE", device: "mobile" } })).toBe(key());
    expect(withBody({ stream: false })).toBe(key());
    expect(withBody({ max_tokens: 5_000 })).toBe(withBody({ max_completion_tokens: 9_000 }));
    expect(key({ scope: "shared", userId: "bob" })).toBe(key({ scope: "shared" }));
  });

  it("does not depend on the order of keys, and keeps different values apart", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const reversed: unknown = JSON.parse(JSON.stringify(one), (_key, value: unknown) =>
          value !== null && typeof value === "object" && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).reverse())
            : value,
        );
        expect(canonicalJson(reversed)).toBe(canonicalJson(JSON.parse(JSON.stringify(one))));
        expect(JSON.parse(canonicalJson(one))).toEqual(JSON.parse(JSON.stringify(one)));
        const same = canonicalJson(one) === canonicalJson(other);
        if (same) expect(JSON.parse(canonicalJson(other))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
  });
});

describe("the lifetime of a cached answer", () => {
  it("is what the catalog says of the feature, and nothing where it says nothing", () => {
    const controls = foldControls(catalog, []);
    expect(cacheLifetimeMs(controls, "plan", false)).toBe(3_600_000);
    expect(cacheLifetimeMs(controls, "chat", false)).toBe(0);
    expect(cacheLifetimeMs(controls, "unheard-of", false)).toBe(0);
  });

  it("is longer under high load, and as directives say", () => {
    const cache = (multiplyMinutes: number, feature?: string) =>
      issue({
        kind: "cache",
        params: { multiplyMinutes, ...(feature === undefined ? {} : { feature }) },
      });
    expect(cacheLifetimeMs(foldControls(catalog, []), "plan", true)).toBe(3_600_000 * HIGH_LOAD_FACTOR);
    expect(cacheLifetimeMs(foldControls(catalog, [cache(3)]), "plan", false)).toBe(3 * 3_600_000);
    expect(cacheLifetimeMs(foldControls(catalog, [cache(3, "advice")]), "plan", false)).toBe(3_600_000);
    expect(cacheLifetimeMs(foldControls(catalog, [cache(0, "plan")]), "plan", true)).toBe(0);
  });
});
