import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCatalog } from "../../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../../support/test-gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  const provider = (adapter: string) => ({
    adapter,
    baseUrl: "https://provider.invalid/v1",
    model: "some-model",
    apiKeyEnv: "NO_SUCH_KEY",
    price: { inputPerMillion: 0.1, outputPerMillion: 0.4 },
  });
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: {
        free: {
          dailyRequests: -1,
          weeklyBudget: 5,
          monthlyBudget: 20,
          allowedProviders: ["gemini", "openai"],
        },
      },
      providers: { gemini: provider("gemini"), openai: provider("openai") },
      routing: { fallbackProvider: "gemini" },
    }),
  });
});
afterAll(() => gateway.close());

const remoteImage = [
  {
    role: "user" as const,
    content: [{ type: "image_url" as const, image_url: { url: "https://example.com/a.png" } }],
  },
];

describe("what one kind of provider cannot do", () => {
  it("is done by the next one, when the gateway routes", async () => {
    const { response } = await gateway
      .client("ada")
      .chat.completions.create({ model: "auto", messages: remoteImage })
      .withResponse();
    expect(response.headers.get("x-vigor-provider")).toBe("openai");
    expect(gateway.provider.books().gemini).toBeUndefined();
    const [event] = (await gateway.events()).filter(({ user_id }) => user_id === "ada");
    expect(event?.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
      ["gemini", "rejected"],
      ["openai", "ok"],
    ]);
  });

  it("is refused with the reason and without cost, when it was asked for by name", async () => {
    const call = gateway.client("bob").chat.completions.create({ model: "gemini", messages: remoteImage });
    await expect(call).rejects.toMatchObject({
      status: 400,
      code: "provider_rejected",
      message: expect.stringContaining("data URL"),
    });
    const [event] = (await gateway.events()).filter(({ user_id }) => user_id === "bob");
    expect(event).toMatchObject({ outcome: "failed", cost: 0 });
  });
});
