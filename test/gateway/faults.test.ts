import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RequestEvent } from "../../models/domain/request-event.ts";
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
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

let providers: ScriptedProvider;
let gateway: TestGateway;
let skippedMs = 0;
beforeAll(async () => {
  providers = await startScriptedProvider();
});
afterAll(() => providers.close());
afterEach(async () => {
  skippedMs = 0;
  await gateway.close();
});

/** Reported usage costs 20 x 1 + 10 x 2 micro-dollars at the first, a tenth at the second. */
const FIRST_COST = 40_000;
const SECOND_COST = 4_000;
const MAX_OUTPUT_TOKENS = 100;
/** At the first: 5,000 x 1 + 5,000 x 2 micro-dollars, which no bound here holds. */
const DEAR = { prompt_tokens: 5_000, completion_tokens: 5_000, total_tokens: 10_000 };
const DEAR_COST = 15_000_000;

async function open(limits: Record<string, number> = {}): Promise<void> {
  const provider = (name: string, inputPerMillion: number) => ({
    adapter: "openai",
    baseUrl: providers.urlOf(name),
    model: name,
    price: { inputPerMillion, outputPerMillion: inputPerMillion * 2 },
    timeoutSeconds: 1,
  });
  const tier = {
    dailyRequests: -1,
    weeklyBudget: 100,
    monthlyBudget: 100,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
  };
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: { free: { ...tier, allowedProviders: ["first", "second"] } },
      providers: { first: provider("first", 1), second: provider("second", 0.1) },
      routing: { fallbackProvider: "second" },
    }),
    monotonicMs: () => performance.now() + skippedMs,
    limits: { deadlineMs: 5_000, drainMs: 500, ...limits },
  });
  providers.play("first", answerWith());
  providers.play("second", answerWith("from the second"));
}

async function ask(model: string, stream = false) {
  const response = await gateway.post(
    { model, stream, messages: [{ role: "user", content: "hi" }] },
    { "x-vigor-user": "ada" },
  );
  return { response, status: response.status, text: await response.text() };
}

async function lastEvent(): Promise<RequestEvent> {
  const event = (await gateway.events()).at(-1);
  if (event === undefined) throw new Error("there is an event");
  return event;
}

const hang: Script = () => {};
const reset: Script = (response) => response.destroy();
const html: Script = (response) => {
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<html>please log in</html>");
};
const brokenJson: Script = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end('{"choices":[{"index":0');
};

interface Fault {
  readonly name: string;
  readonly script: Script;
  readonly outcome: string;
  /** The provider may have done the work, so that the call is billed at its bound. */
  readonly billed: boolean;
}
const FAULTS: readonly Fault[] = [
  {
    name: "429 with retry-after",
    script: fail(429, { "retry-after": "30" }),
    outcome: "rate-limited",
    billed: false,
  },
  { name: "429", script: fail(429), outcome: "rate-limited", billed: false },
  { name: "500", script: fail(500), outcome: "server-error", billed: false },
  { name: "401", script: fail(401), outcome: "server-error", billed: false },
  { name: "a hang", script: hang, outcome: "timeout", billed: true },
  { name: "a reset", script: reset, outcome: "connection", billed: true },
  { name: "HTML", script: html, outcome: "invalid-answer", billed: true },
  { name: "broken JSON", script: brokenJson, outcome: "invalid-answer", billed: true },
];

describe.each(FAULTS)("$name", ({ script, outcome, billed }) => {
  it.each([false, true])(
    "leads to the next provider's answer, and both are billed right (stream: %s)",
    async (stream) => {
      await open();
      providers.play("first", script);
      if (stream) providers.play("second", streamIn([Buffer.from(streamText())]));
      const { response, status, text } = await ask("auto", stream);
      expect(status).toBe(200);
      expect(text).toContain(stream ? "[DONE]" : "from the second");
      expect(response.headers.get("x-vigor-provider")).toBe("second");
      const event = await lastEvent();
      expect(event).toMatchObject({ outcome: "ok", provider: "second", route_reason: "fallback:tier-order" });
      expect(event.attempts.map((attempt) => attempt.outcome)).toEqual([outcome, "ok"]);
      if (billed) expect(event.cost).toBeGreaterThan(SECOND_COST + FIRST_COST);
      else expect(event.cost).toBe(SECOND_COST);
    },
  );

  it("is told as an error within the deadline when there is nobody else, and nothing stays reserved", async () => {
    await open({ maxHops: 2 });
    providers.play("first", script);
    const { status, text } = await ask("first");
    expect([502, 504]).toContain(status);
    expect(JSON.parse(text)).toMatchObject({
      error: { code: outcome === "timeout" ? "provider_timeout" : "provider_error" },
    });
    const event = await lastEvent();
    expect(event).toMatchObject({ outcome: "failed" });
    expect(event.cost > 0).toBe(billed);
    await gateway.running.gateway.recorder.flushed(5_000);
    const [state] = await gateway.usage.read(["global-lifetime:nano-usd:ever:"]);
    expect(state).toEqual({ used: event.cost, reserved: 0 });
  });
});

describe("an answer out of the ordinary", () => {
  it("that reports no usage is billed at its bound", async () => {
    await open();
    providers.play("first", answerWith("hello", null));
    expect((await ask("auto")).status).toBe(200);
    expect((await lastEvent()).cost).toBeGreaterThan(FIRST_COST);
  });

  it("that streams without usage is billed at its bound, whatever came", async () => {
    await open();
    providers.play("first", streamIn([Buffer.from(streamText("\n", null))]));
    expect((await ask("auto", true)).text).toBe(streamText("\n", null));
    const event = await lastEvent();
    expect(event.output_tokens).toBe(MAX_OUTPUT_TOKENS);
    expect(event.input_tokens).toBeGreaterThan(0);
    expect(event.cost).toBeGreaterThan(FIRST_COST);
  });

  it.each([
    ["CRLF", [Buffer.from(streamText("\r\n"))], streamText("\r\n", null)],
    [
      "single bytes",
      [...Buffer.from(streamText())].map((byte) => Buffer.from([byte])),
      streamText("\n", null),
    ],
    [
      "single bytes with CRLF",
      [...Buffer.from(streamText("\r\n"))].map((byte) => Buffer.from([byte])),
      streamText("\r\n", null),
    ],
  ])(
    "that streams in %s is passed on byte for byte but for the usage, and billed as reported",
    async (_how, parts, passed) => {
      await open();
      providers.play("first", streamIn(parts));
      const { text } = await ask("auto", true);
      expect(text).toBe(passed);
      expect(await lastEvent()).toMatchObject({
        outcome: "ok",
        cost: FIRST_COST,
        input_tokens: 20,
        output_tokens: 10,
      });
    },
  );

  it("that is cut is told as an error in the stream, never as complete, and billed at its bound", async () => {
    await open();
    const half = Buffer.from(streamText()).subarray(0, 150);
    providers.play("first", streamIn([half], true));
    const { status, text } = await ask("auto", true);
    expect(status).toBe(200);
    expect(text).not.toContain("[DONE]");
    expect(text).toContain("provider_error");
    const event = await lastEvent();
    expect(event).toMatchObject({
      outcome: "failed",
      denial_reason: "provider_error",
      output_tokens: MAX_OUTPUT_TOKENS,
    });
  });

  it("that breaks off after its last report is billed as reported", async () => {
    await open();
    const whole = streamText();
    const reported = Buffer.from(whole.slice(0, whole.indexOf("data: [DONE]")));
    providers.play("first", streamIn([reported], true));
    await ask("auto", true);
    expect(await lastEvent()).toMatchObject({ outcome: "failed", cost: FIRST_COST });
  });

  it.each([
    ["breaks off", true],
    ["ends without a finish reason", false],
  ])(
    "that has reported more than its bound with an event and %s is billed what it reported",
    async (_how, isCut) => {
      await open();
      const event = { choices: [{ index: 0, delta: { content: "x" }, finish_reason: null }], usage: DEAR };
      providers.play("first", streamIn([Buffer.from(`data: ${JSON.stringify(event)}\n\n`)], isCut));
      await ask("auto", true);
      expect((await lastEvent()).cost).toBe(DEAR_COST);
    },
  );

  it("that reports its prompt with the first event and its answer with the last one is billed both", async () => {
    await open();
    const chunk = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
    const choice = (delta: object, finish_reason: string | null) => [{ index: 0, delta, finish_reason }];
    const events = [
      chunk({
        choices: choice({ content: "x" }, null),
        usage: { prompt_tokens: 20, completion_tokens: null },
      }),
      chunk({ choices: choice({}, "stop"), usage: { completion_tokens: 10 } }),
      "data: [DONE]\n\n",
    ];
    providers.play("first", streamIn([Buffer.from(events.join(""))]));
    await ask("auto", true);
    expect(await lastEvent()).toMatchObject({ cost: FIRST_COST, input_tokens: 20, output_tokens: 10 });
  });
});

it("a request ends within its deadline, all its calls together", async () => {
  await open({ deadlineMs: 1_500 });
  providers.play("first", hang);
  providers.play("second", hang);
  const { status } = await ask("auto");
  expect(status).toBe(504);
  const event = await lastEvent();
  expect(event.attempts.map(({ outcome }) => outcome)).toEqual(["timeout", "timeout"]);
  expect(event.attempts[1]?.ms).toBeLessThan(event.attempts[0]?.ms ?? 0);
});

it("a provider that says retry-after is left alone until then, and its limit does not open the breaker", async () => {
  await open({ breakerMinCalls: 2 });
  providers.play("first", fail(429, { "retry-after": "20" }));
  await ask("auto");
  const calls = providers.calls("first");
  for (let at = 0; at < 5; at++)
    expect((await ask("auto")).response.headers.get("x-vigor-provider")).toBe("second");
  expect(providers.calls("first")).toBe(calls);
  expect(gateway.running.gateway.health.states().get("first")).toMatchObject({
    breaker: "closed",
    resting: true,
  });
  providers.play("first", answerWith());
  skippedMs += 20_000;
  expect((await ask("auto")).response.headers.get("x-vigor-provider")).toBe("first");
});

it("a provider that is asked for by name is tried again after its retry-after, if that is short", async () => {
  await open();
  let calls = 0;
  providers.play("first", (response, request) =>
    (calls++ === 0 ? fail(429, { "retry-after": "0" }) : answerWith("at last"))(response, request),
  );
  // It rests by its own word, and that is over at once.
  const { status, text } = await ask("first");
  expect([status, text.includes("at last")]).toEqual([200, true]);
  expect(await lastEvent()).toMatchObject({
    outcome: "ok",
    route_reason: "retry:requested",
    cost: FIRST_COST,
  });
});

it("while the first provider is down requests succeed on the second, its breaker opens, that is said, and traffic returns by itself", async () => {
  await open();
  providers.play("first", fail(500));
  for (let at = 0; at < 20; at++) expect((await ask("auto")).status).toBe(200);
  expect(gateway.running.gateway.health.states().get("first")).toMatchObject({ breaker: "open" });
  const calls = providers.calls("first");
  expect((await ask("auto")).response.headers.get("x-vigor-provider")).toBe("second");
  expect(providers.calls("first")).toBe(calls);
  await waitFor("the word that it is down", async () => (await saidOf("first")).includes("normal>down"));

  const named = await ask("first");
  expect([named.status, JSON.parse(named.text).error.code]).toEqual([503, "no_provider"]);
  expect(named.response.headers.get("retry-after")).not.toBeNull();

  skippedMs += 5_000;
  await ask("auto");
  expect(gateway.running.gateway.health.states().get("first")).toMatchObject({ breaker: "open" });
  providers.play("first", answerWith());
  skippedMs += 10_000;
  expect((await ask("auto")).response.headers.get("x-vigor-provider")).toBe("first");
  expect((await ask("auto")).response.headers.get("x-vigor-provider")).toBe("first");
  await waitFor(
    "the word that it is called again",
    async () => (await saidOf("first")).at(-1) === "down>normal",
  );
});

it("a provider that takes all the calls it may have is passed over, and asked again when one ends", async () => {
  await open({ maxCallsPerProvider: 1 });
  const waiting: (() => void)[] = [];
  providers.play("first", (response, request) => waiting.push(() => answerWith()(response, request)));
  const slow = ask("auto");
  await waitFor("the call", () => waiting.length === 1);
  expect((await ask("auto")).response.headers.get("x-vigor-provider")).toBe("second");
  waiting[0]?.();
  expect((await slow).response.headers.get("x-vigor-provider")).toBe("first");
});

async function saidOf(subject: string): Promise<string[]> {
  const said: string[] = [];
  for await (const event of gateway.log.scan("directives", 0))
    if (event.type === "condition" && event.condition === "provider-down" && event.subject === subject)
      said.push(`${event.from}>${event.to}`);
  return said;
}
