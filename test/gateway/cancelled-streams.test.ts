import { afterEach, expect, test } from "vitest";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const STREAMS = 500;
const AT_ONCE = 50;
const SPEND = "global-lifetime:nano-usd:ever:";

let gateway: TestGateway | null = null;
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

test("500 streams that are cancelled after their first bytes leave nothing reserved, and the next request is served", async () => {
  const tier = { dailyRequests: STREAMS + 1, weeklyBudget: 100, monthlyBudget: 100, maxOutputTokens: 200 };
  const to = await startTestGateway({
    catalog: testCatalog({ tiers: { free: { ...tier, allowedProviders: ["cheap"] } } }),
  });
  gateway = to;
  for (let sent = 0; sent < STREAMS; sent += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => cancelStream(to)));
  await waitFor("the last event", async () => (await to.events()).length === STREAMS, 30_000);
  const events = await to.events();
  const spent = events.reduce((sum, { cost }) => sum + cost, 0);
  expect(await to.usage.read([SPEND])).toEqual([{ used: spent, reserved: 0 }]);
  const next = await ask(to, { stream: false });
  expect(next.status).toBe(200);
  await next.text();
}, 120_000);

async function cancelStream(to: TestGateway): Promise<void> {
  const response = await ask(to, { stream: true });
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}

function ask(to: TestGateway, { stream }: { stream: boolean }): Promise<Response> {
  return to.post(
    {
      model: "auto",
      stream,
      messages: [{ role: "user", content: "hi" }],
      metadata: { simulate_output_tokens: "100" },
    },
    { "x-vigor-user": "ada" },
  );
}
