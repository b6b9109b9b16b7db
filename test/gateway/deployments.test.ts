import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { sweepOrphans } from "../../gateway/orphan-sweep.ts";
import {
  answerWith,
  fail,
  type Script,
  type ScriptedProvider,
  startScriptedProvider,
  streamIn,
  streamText,
} from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { openTraffic, patientCatalog } from "./health/traffic.ts";

let providers: ScriptedProvider;
let gateway: TestGateway | null = null;
beforeAll(async () => {
  providers = await startScriptedProvider();
});
afterAll(() => providers.close());
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

/** Of reported usage: 20 x 1 + 10 x 2 micro-dollars. */
const COST = 40_000;

async function open(
  more: Record<string, unknown>,
  options: Pick<TestGatewayOptions, "now"> = {},
): Promise<TestGateway> {
  const tier = { dailyRequests: -1, weeklyBudget: 100, monthlyBudget: 100, maxOutputTokens: 100 };
  const provider = { adapter: "openai", model: "m", price: { inputPerMillion: 1, outputPerMillion: 2 } };
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: { free: { ...tier, allowedProviders: ["east", "other"] } },
      providers: {
        east: { ...provider, baseUrl: providers.urlOf("east"), ...more },
        other: { ...provider, baseUrl: providers.urlOf("other") },
      },
      routing: { fallbackProvider: "other" },
    }),
    limits: { drainMs: 5_000 },
    ...options,
  });
  for (const name of ["east", "west", "other"]) providers.play(name, answerWith(name));
  return gateway;
}

async function ask(to: TestGateway, { model = "auto", stream = false } = {}) {
  const response = await to.post(
    { model, stream, messages: [{ role: "user", content: "hi" }] },
    { "x-vigor-user": "ada" },
  );
  return { response, text: await response.text() };
}

/** Answers when it is told to. */
function held(script: Script): { script: Script; waiting(): number; release(): void } {
  const waiting: (() => void)[] = [];
  return {
    script: (response, request) => waiting.push(() => script(response, request)),
    waiting: () => waiting.length,
    release() {
      for (const answer of waiting.splice(0)) answer();
    },
  };
}

async function settledSpend(of: TestGateway) {
  await of.running.gateway.recorder.flushed(5_000);
  const [state] = await of.usage.read(["global-lifetime:nano-usd:ever:"]);
  return state;
}

it("calls are shared among deployments by weight", () => {
  const deployments = [{ baseUrl: "https://west.invalid/v1", weight: 3 }];
  const traffic = openTraffic({ catalog: patientCatalog({ deployments }) });
  const calls = traffic.run(1_000, 1, () => ({ ms: 200 }));
  const west = calls.filter(({ deployment }) => deployment === "good#2").length / calls.length;
  expect(west).toBeGreaterThan(0.7);
  expect(west).toBeLessThan(0.8);
});

it("the less busy and the faster deployment gets more", () => {
  const deployments = [{ baseUrl: "https://west.invalid/v1" }];
  const traffic = openTraffic({ catalog: patientCatalog({ deployments }) });
  const calls = traffic.run(300, 20, (deployment) => ({ ms: deployment === "good" ? 900 : 300 }));
  const fast = calls.filter(({ deployment }) => deployment === "good#2").length / calls.length;
  expect(fast).toBeGreaterThan(0.6);
  expect(fast).toBeLessThan(0.95);
});

it("a deployment at its rate limit rests until its retry-after, and its provider keeps its traffic", () => {
  const deployments = [{ baseUrl: "https://west.invalid/v1" }];
  const traffic = openTraffic({ catalog: patientCatalog({ deployments }) });
  traffic.run(5, 10, (deployment) =>
    deployment === "good" ? { ms: 50, outcome: "rate-limited", retryAfterSeconds: 30 } : { ms: 50 },
  );
  const during = traffic.run(20, 10, () => ({ ms: 50 }));
  expect(new Set(during.map(({ deployment }) => deployment))).toEqual(new Set(["good#2"]));
  const after = traffic.run(20, 10, () => ({ ms: 50 }));
  expect(new Set(after.map(({ deployment }) => deployment))).toEqual(new Set(["good", "good#2"]));
  expect(traffic.conditions).toEqual([]);
});

it("one deployment that is down is not the provider: only when all are, that is said", () => {
  const deployments = [{ baseUrl: "https://west.invalid/v1" }];
  const traffic = openTraffic({ catalog: patientCatalog({ deployments }) });
  const down = (names: readonly string[]) => (deployment: string) =>
    names.includes(deployment) ? ({ ms: 20, outcome: "server-error" } as const) : { ms: 20 };
  traffic.run(20, 10, down(["good"]));
  const calls = traffic.run(3, 10, down(["good"]));
  expect(new Set(calls.map(({ provider }) => provider))).toEqual(new Set(["good"]));
  expect(traffic.conditions).toEqual([]);
  traffic.run(20, 10, down(["good", "good#2"]));
  expect(traffic.conditions).toEqual(["good down"]);
  traffic.run(120, 10, down([]));
  expect(traffic.conditions).toEqual(["good down", "good normal"]);
});

it("a call that fails at one deployment is made at another one before another provider is asked", async () => {
  const to = await open({ deployments: [{ baseUrl: providers.urlOf("west") }] });
  for (const name of ["east", "west"]) providers.play(name, fail(500));
  const { text, response } = await ask(to);
  expect(text).toContain("other");
  expect(response.headers.get("x-vigor-provider")).toBe("other");
  const [event] = await to.events();
  expect(event?.attempts.map(({ provider, outcome }) => `${provider} ${outcome}`)).toEqual([
    "east server-error",
    "east server-error",
    "other ok",
  ]);
  expect(providers.calls("east") > 0 && providers.calls("west") > 0).toBe(true);
});

it.each([false, true])(
  "a hedged request gets the first answer, and both calls are paid as they were reported (stream: %s)",
  async (stream) => {
    const to = await open({ hedgeAfterMs: 30 });
    const answer = (name: string) => (stream ? streamIn([Buffer.from(streamText())]) : answerWith(name));
    const east = held(answer("east"));
    providers.play("east", east.script);
    providers.play("other", answer("other"));
    const { response } = await ask(to, { stream });
    expect(response.headers.get("x-vigor-provider")).toBe("other");
    // The event waits for what the other call costs.
    expect(await to.events()).toHaveLength(0);
    east.release();
    const [event] = await waitFor("the event", async () => {
      const events = await to.events();
      return events.length > 0 ? events : null;
    });
    expect(event).toMatchObject({ outcome: "ok", provider: "other", cost: 2 * COST });
    expect(event?.route_reason).toBe("hedge:tier-order");
    expect(event?.attempts.map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
    expect(await settledSpend(to)).toEqual({ used: 2 * COST, reserved: 0 });
  },
);

it("a hedge's loser that takes hours never expires while its request lives: one event, with what both calls cost", async () => {
  let aheadMs = 0;
  const to = await open({ hedgeAfterMs: 30 }, { now: () => Date.now() + aheadMs });
  const east = held(answerWith("east"));
  providers.play("east", east.script);
  expect((await ask(to)).response.headers.get("x-vigor-provider")).toBe("other");
  for (const hours of [1, 2, 48]) {
    aheadMs = hours * 3_600_000;
    await sweepOrphans(to.running.gateway, new Set());
    expect(await to.events()).toEqual([]);
  }
  east.release();
  const [event] = await waitFor("the event", async () => {
    const events = await to.events();
    return events.length > 0 ? events : null;
  });
  expect(event).toMatchObject({ outcome: "ok", cost: 2 * COST });
  expect(await settledSpend(to)).toEqual({ used: 2 * COST, reserved: 0 });
});

it("a request that is answered in time makes one call", async () => {
  const to = await open({ hedgeAfterMs: 5_000 });
  const before = providers.calls("other");
  await ask(to);
  expect(providers.calls("other")).toBe(before);
  expect(await to.events()).toMatchObject([{ provider: "east", cost: COST, attempts: [{ outcome: "ok" }] }]);
  expect(await settledSpend(to)).toEqual({ used: COST, reserved: 0 });
});

it("a second call that fails leaves the first one's answer, and costs nothing", async () => {
  const to = await open({ hedgeAfterMs: 30 });
  const east = held(answerWith("east"));
  providers.play("east", east.script);
  providers.play("other", fail(500));
  const before = providers.calls("other");
  const asked = ask(to);
  await waitFor("the second call", () => providers.calls("other") > before);
  east.release();
  expect((await asked).text).toContain("east");
  expect((await to.events())[0]).toMatchObject({ outcome: "ok", provider: "east", cost: COST });
  expect(await settledSpend(to)).toEqual({ used: COST, reserved: 0 });
});
