import { expect, it } from "vitest";
import { resolveCatalog } from "../../../models/domain/resolve-catalog.ts";
import { catalogDocument, testCatalog } from "../../support/test-catalog.ts";

const provider = {
  adapter: "openai-compatible",
  baseUrl: "https://provider.invalid/v1",
  model: "some-model",
  price: { inputPerMillion: 1, outputPerMillion: 1 },
};
const withProvider = (more: Record<string, unknown>) => {
  const { providers } = catalogDocument();
  return { providers: { ...Object(providers), odd: { ...provider, ...more } } };
};
const problemsOf = (more: Record<string, unknown>) => {
  const document = catalogDocument(withProvider(more));
  const resolved = resolveCatalog(document, { version: "test", checkCondition: () => null });
  return resolved.ok ? [] : resolved.problems.map(({ path, message }) => `${path}: ${message}`);
};

it("a provider's extra parameters are known with their cost, in whole nano-dollars and tokens", () => {
  const catalog = testCatalog(
    withProvider({
      extraParameters: { top_k: { perRequest: 0 }, search: { perRequest: 0.025, inputTokens: 20_000 } },
    }),
  );
  expect(catalog.extraParameters).toEqual(new Set(["top_k", "search"]));
  expect([...(catalog.providers.get("odd")?.extraParameters ?? [])]).toEqual([
    ["top_k", { fee: 0, inputTokens: 0 }],
    ["search", { fee: 25_000_000, inputTokens: 20_000 }],
  ]);
});

it.each([
  ["max_tokens", /handles it already/],
  ["temperature", /handles it already/],
  ["store", /handles it already/],
  ["previous_response_id", /cannot be allowed: what the provider has stored/],
  ["models", /cannot be allowed: another model/],
  ["generationConfig", /cannot be allowed: the gateway writes it/],
])("a catalog cannot allow %s, whose cost cannot be said or which the gateway writes", (name, problem) => {
  expect(problemsOf({ extraParameters: { [name]: { perRequest: 0 } } })).toEqual([
    expect.stringMatching(problem),
  ]);
});

it.each([
  ["no cost", { top_k: {} }],
  ["a cost below nothing", { top_k: { perRequest: -1 } }],
  ["an unknown kind of cost", { top_k: { perRequest: 0, perToken: 1 } }],
])("an extra parameter with %s is refused", (_what, extraParameters) => {
  expect(problemsOf({ extraParameters })).toHaveLength(1);
});

it("the field of the output limit is the adapter's, or what the catalog says where there is a choice", () => {
  const fieldOf = (more: Record<string, unknown>) =>
    testCatalog(withProvider(more)).providers.get("odd")?.outputLimitParameter;
  expect(fieldOf({})).toBe("max_tokens");
  expect(fieldOf({ adapter: "openai" })).toBe("max_completion_tokens");
  expect(fieldOf({ outputLimitParameter: "max_completion_tokens" })).toBe("max_completion_tokens");
  expect(problemsOf({ outputLimitParameter: "max_output_tokens" })).toHaveLength(1);
  expect(problemsOf({ adapter: "gemini", outputLimitParameter: "max_tokens" })).toHaveLength(1);
});
