import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  const provider = (more: object) => ({
    adapter: "openai",
    baseUrl: "https://provider.invalid/v1",
    model: "some-model",
    apiKeyEnv: "NO_SUCH_KEY",
    price: { inputPerMillion: 0.1, outputPerMillion: 0.4 },
    ...more,
  });
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: {
        free: {
          dailyRequests: -1,
          weeklyBudget: 50,
          monthlyBudget: 200,
          maxOutputTokens: 200,
          allowedProviders: ["small", "text", "able"],
        },
      },
      providers: {
        small: provider({ capabilities: { tools: false, jsonSchema: false }, contextTokens: 2_000 }),
        text: provider({ capabilities: { images: false } }),
        able: provider({}),
      },
      routing: { fallbackProvider: "able" },
    }),
  });
});
afterAll(() => gateway.close());

const tools = [{ type: "function", function: { name: "plan", parameters: { type: "object" } } }];
const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
const schema = { name: "plan", schema: { type: "object" } };

const CASES = [
  { what: "nothing of it", body: {}, needs: [], answeredBy: "small" },
  { what: "tools", body: { tools }, needs: ["tools"], answeredBy: "text" },
  {
    what: "a JSON schema",
    body: { response_format: { type: "json_schema", json_schema: schema } },
    needs: ["jsonSchema"],
    answeredBy: "text",
  },
  {
    what: "JSON of any form",
    body: { response_format: { type: "json_object" } },
    needs: [],
    answeredBy: "small",
  },
  {
    what: "tools and an image",
    body: { tools, content: [image] },
    needs: ["tools", "images"],
    answeredBy: "able",
  },
  { what: "a long context", body: { content: "word ".repeat(2_000) }, needs: [], answeredBy: "text" },
];

describe("a request that needs", () => {
  it.each(CASES)(
    "$what is answered by the first that has it: $answeredBy",
    async ({ body, needs, answeredBy }) => {
      const response = await ask({ model: "auto", ...body });
      expect([response.status, response.headers.get("x-vigor-provider")]).toEqual([200, answeredBy]);
      const [event] = (await gateway.events()).slice(-1);
      expect(event).toMatchObject({ outcome: "ok", needs, provider: answeredBy });
      expect(event?.route_reason).toBe(answeredBy === "small" ? "tier-order" : "unable:small");
      expect(event?.attempts).toHaveLength(1);
    },
  );

  it("what the model that it names has not is refused before anything is called or paid", async () => {
    const before = gateway.provider.books().small?.calls;
    const response = await ask({ model: "small", tools });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "unsupported_request", param: "model", message: expect.stringContaining("tools") },
    });
    expect(gateway.provider.books().small?.calls).toBe(before);
    const [event] = (await gateway.events()).slice(-1);
    expect(event).toMatchObject({ outcome: "denied", cost: 0, denial_reason: "unsupported_request" });
  });
});

function ask({ content = "Plan my week.", ...body }: Record<string, unknown>): Promise<Response> {
  return gateway.post({ messages: [{ role: "user", content }], ...body }, { "x-vigor-user": "ada" });
}
