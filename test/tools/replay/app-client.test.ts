import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatedProvider, startSimulatedProvider } from "../../../simulated-provider/server.ts";
import { type AppClient, type AppRequest, openAppClient } from "../../../tools/replay/app-client.ts";

let provider: SimulatedProvider;
let client: AppClient;
beforeAll(async () => {
  provider = await startSimulatedProvider({ latencyScale: 0 });
  client = openAppClient({
    gatewayUrl: `${provider.url}/gpt-4o`,
    key: "none",
    model: "auto",
    connections: 8,
  });
});
afterAll(async () => {
  await client.close();
  await provider.close();
});

function requestOf(more: Partial<AppRequest>): AppRequest {
  return {
    userId: "replay-1",
    feature: "workout-plan",
    country: "DE",
    device: "ios",
    prompt: "word ".repeat(400),
    contextTokens: 374,
    generatedTokens: 44,
    stream: false,
    ...more,
  };
}

test.each([false, true])(
  "the provider generates exactly what the trace says (stream: %s)",
  async (stream) => {
    const before = provider.books()["gpt-4o"];
    expect(await client.send(requestOf({ stream }))).toMatchObject({ kind: "ok", cost: null });
    const after = provider.books()["gpt-4o"];
    expect((after?.promptTokens ?? 0) - (before?.promptTokens ?? 0)).toBe(374);
    expect((after?.completionTokens ?? 0) - (before?.completionTokens ?? 0)).toBe(44);
  },
);

test.each([
  ["503", false, "status 503"],
  ["429", true, "rate_limit_exceeded"],
  ["reset", false, "connection: "],
  ["cut", false, "connection: "],
  ["cut", true, "connection: "],
])("a %s (stream: %s) is a reply with a code, sent once", async (error, stream, code) => {
  provider.setBehaviour("gpt-4o", { errorRate: 1, error });
  const before = provider.books()["gpt-4o"]?.calls ?? 0;
  const reply = await client.send(requestOf({ stream }));
  provider.setBehaviour("gpt-4o", {});
  expect(reply).toMatchObject({ kind: "failed", code: expect.stringContaining(code) });
  expect((provider.books()["gpt-4o"]?.calls ?? 0) - before).toBe(1);
});
