import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const ask = async (user: string, model = "auto") => {
  const answer = await gateway.post(
    { model, messages: [{ role: "user", content: "hello" }] },
    { "x-vigor-user": user, "x-vigor-feature": "chat" },
  );
  await answer.text();
  return answer.headers.get("x-vigor-provider");
};

it("an event tells how likely the routing was to choose its provider", async () => {
  await gateway.setTier("ada", "premium");
  await waitFor("the tier", async () => (await ask("ada")) === "good");
  const certain = (await gateway.events()).at(-1);
  expect(certain).toMatchObject({ provider: "good", propensity: 1 });

  const weights = { cheap: 0.3 };
  await gateway.direct(
    { kind: "weights", params: { tier: "premium", feature: "chat", weights, remainder: "order" } },
    60_000,
  );
  await waitFor("a request that goes elsewhere", async () => (await ask("ada")) === "cheap");
  await waitFor("one that goes where all go", async () => (await ask("ada")) === "good");
  await ask("ada", "cheap");
  const events = await gateway.events();
  const chances = new Map(
    events
      .filter(
        ({ requested_model: asked, controls_version: version }) => asked === "auto" && version.includes("+"),
      )
      .map(({ provider, propensity }) => [provider, propensity]),
  );
  expect(chances.get("cheap")).toBeCloseTo(0.3, 9);
  expect(chances.get("good")).toBeCloseTo(0.7, 9);
  expect(events.at(-1)).toMatchObject({ requested_model: "cheap", route_reason: "requested", propensity: 1 });
});

it("a refused request has none", async () => {
  const denied = await gateway.post(
    { model: "best", messages: [{ role: "user", content: "hello" }] },
    { "x-vigor-user": "bob" },
  );
  await denied.text();
  expect(denied.status).toBe(403);
  expect((await gateway.events()).at(-1)).toMatchObject({ outcome: "denied", propensity: 0 });
});
