import { once } from "node:events";
import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { providerBill } from "../support/provider-bill.ts";
import { catalogDocument, testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const timeoutSeconds = 1;
const provider = (input: number, output: number, more: Record<string, unknown> = {}) => ({
  adapter: "openai",
  baseUrl: "https://provider.invalid/v1",
  model: "some-model",
  apiKeyEnv: "NO_SUCH_KEY",
  price: { inputPerMillion: input, outputPerMillion: output },
  timeoutSeconds,
  ...more,
});

let gateway: TestGateway;
let greedy: http.Server;

beforeAll(async () => {
  greedy = http.createServer(answerMoreThanAsked).listen(0, "127.0.0.1");
  await once(greedy, "listening");
  const address = greedy.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const tier = { weeklyBudget: 1000, monthlyBudget: 1000, dailyRequests: -1, maxOutputTokens: 200 };
  gateway = await startTestGateway({
    catalog: testCatalog({
      ...catalogDocument(),
      tiers: {
        free: { ...tier, allowedProviders: ["cheap", "fallback"] },
        unlimited: { ...tier, monthlyPrice: 50, allowedProviders: ["best", "good", "cheap"] },
        odd: { ...tier, allowedProviders: ["greedy"] },
      },
      providers: {
        best: provider(2.5, 10),
        good: provider(0.15, 0.6),
        cheap: provider(0.1, 0.4),
        fallback: provider(0.05, 0.2),
        greedy: {
          adapter: "openai",
          baseUrl: `http://127.0.0.1:${port}/v1`,
          model: "greedy",
          price: { inputPerMillion: 1, outputPerMillion: 1 },
          timeoutSeconds,
        },
      },
    }),
    // Every mishap is to reach its provider, however many there were before.
    limits: { drainMs: 500, breakerMinCalls: Number.POSITIVE_INFINITY },
  });
  await gateway.setTier("payer", "unlimited");
  await gateway.setTier("odd-one", "odd");
});

afterAll(async () => {
  await gateway.close();
  greedy.close();
  greedy.closeAllConnections();
});

/** Reports more tokens than any limit that it was given. */
function answerMoreThanAsked(request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume().once("end", () => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        id: "1",
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: "much" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 1_000_000, completion_tokens: 1_000_000 },
      }),
    );
  });
}

interface Mishap {
  readonly error: string;
  readonly stream: boolean;
  /** At which of the three providers; none: at all. */
  readonly at?: string;
}

const FAULTS = ["hang", "reset", "cut", "stall", "html", "broken-json", "no-usage", "429", "500", "503"];
const MISHAPS: Mishap[] = FAULTS.flatMap((error) =>
  [false, true].flatMap((stream) => [
    { error, stream, at: "best" },
    ...(error === "hang" || error === "stall" ? [] : [{ error, stream }]),
  ]),
);

describe("what the providers charge is in the books", () => {
  it("after every mishap at one provider or at all of them, for JSON and streams: each attempt once, never less than the provider's own books", async () => {
    await Promise.all(MISHAPS.map((mishap, at) => ask(mishap, at)));
    const events = await eventsOf("payer", MISHAPS.length);
    expect(events).toHaveLength(MISHAPS.length);
    const books = gateway.provider.books();
    const catalog = gateway.running.gateway.controls.current().catalog;
    for (const name of ["best", "good", "cheap"]) {
      const attempts = events.flatMap((event) => event.attempts).filter((one) => one.provider === name);
      const calls = books[name]?.calls ?? 0;
      // A call whose connection broke, or whose time was up, may not have got as far as the provider; every other one has.
      const heard = attempts.filter(({ outcome }) => outcome !== "timeout" && outcome !== "connection");
      expect(attempts.length, name).toBeGreaterThanOrEqual(calls);
      expect(heard.length, name).toBeLessThanOrEqual(calls);
    }
    const recorded = events.reduce((sum, { cost }) => sum + cost, 0);
    expect(recorded).toBeGreaterThanOrEqual(providerBill(books, catalog));
    await everythingSettled(recorded);
  }, 60_000);

  it("when clients go away before the answer, in a stream, and when the provider is slower than the drain", async () => {
    const before = (await gateway.events()).length;
    const asks = [
      ...Array.from({ length: 6 }, (_, at) => ({ stream: true, latencyMs: 200, at })),
      ...Array.from({ length: 6 }, (_, at) => ({ stream: false, latencyMs: 200, at })),
      { stream: true, latencyMs: 900, at: 90 },
    ];
    // Who left before its request had come would leave no event.
    const calls = callsOfBest() + asks.length;
    await Promise.all(asks.map((ask) => askAndLeave(ask, () => callsOfBest() >= calls)));
    const events = await waitFor("the events of those that left", async () => {
      const all = await gateway.events();
      return all.length >= before + asks.length ? all : null;
    });
    const recorded = events.reduce((sum, { cost }) => sum + cost, 0);
    await waitFor("the providers to be done", () =>
      Object.values(gateway.provider.books()).every(({ inFlight }) => inFlight === 0),
    );
    const catalog = gateway.running.gateway.controls.current().catalog;
    expect(recorded).toBeGreaterThanOrEqual(providerBill(gateway.provider.books(), catalog));
    await everythingSettled(recorded);
  });
});

it("a provider that reports more than the bound is billed in full, and that is told beside the directives", async () => {
  const response = await gateway.post(body(7, {}), { "x-vigor-user": "odd-one" });
  expect(response.status).toBe(200);
  const [event] = await eventsOf("odd-one", 1);
  expect(event?.cost).toBe(2_000_000_000);
  const told = await waitFor("the condition", async () => {
    for await (const event of gateway.log.scan("directives", 0))
      if (event.type === "condition" && event.condition === "over-bound") return event;
    return null;
  });
  expect(told).toMatchObject({ subject: "greedy", from: "normal", to: "over-bound" });
  expect(told.numbers).toMatchObject({ costNano: 2_000_000_000 });
});

it("a free user's fallback stays with the providers of its tier, and passes the budget again", async () => {
  await gateway.setTier("free-one", "free");
  const broken = { simulate_error: "500", simulate_error_at: "cheap" };
  const response = await gateway.post(body(8, broken), { "x-vigor-user": "free-one" });
  expect(response.headers.get("x-vigor-provider")).toBe("fallback");
  const before = gateway.provider.books();
  const everywhere = { simulate_error: "500" };
  expect((await gateway.post(body(9, everywhere), { "x-vigor-user": "free-one" })).status).toBe(502);
  const after = gateway.provider.books();
  for (const name of ["best", "good"]) expect(after[name]).toEqual(before[name]);
  const [, failed] = await eventsOf("free-one", 2);
  expect(failed?.attempts.map(({ provider: name }) => name)).toEqual(["cheap", "fallback"]);
});

it("a fallback that the budget has no room for is not called", async () => {
  const catalog = testCatalog({
    ...catalogDocument(),
    tiers: {
      free: {
        dailyRequests: -1,
        // Room for one call whose answer breaks off, which is billed at its bound, and not for another one.
        weeklyBudget: 0.00012,
        monthlyBudget: 1,
        allowedProviders: ["cheap", "fallback"],
        maxOutputTokens: 200,
      },
    },
  });
  const small = await startTestGateway({ catalog });
  try {
    const response = await small.post(
      {
        model: "auto",
        messages: [{ role: "user", content: "hi" }],
        metadata: { simulate_error: "broken-json" },
      },
      { "x-vigor-user": "ada" },
    );
    expect(response.ok).toBe(false);
    expect(small.provider.books().fallback?.calls ?? 0).toBe(0);
    const [event] = await small.events();
    expect(event?.attempts).toHaveLength(1);
    expect(event?.cost).toBeLessThanOrEqual(120_000);
  } finally {
    await small.close();
  }
});

const body = (at: number, metadata: Record<string, string>, stream = false) => ({
  model: "auto",
  stream,
  messages: [{ role: "user", content: `request ${at}` }],
  metadata: { simulate_output_tokens: "150", ...metadata },
});

async function ask(mishap: Mishap, at: number): Promise<void> {
  const metadata = {
    simulate_error: mishap.error,
    ...(mishap.at === undefined ? {} : { simulate_error_at: mishap.at }),
  };
  const response = await gateway.post(body(at, metadata, mishap.stream), { "x-vigor-user": "payer" });
  await response.text();
}

function callsOfBest(): number {
  return gateway.provider.books().best?.calls ?? 0;
}

async function askAndLeave(
  how: { stream: boolean; latencyMs: number; at: number },
  areAllCalled: () => boolean,
): Promise<void> {
  const leave = new AbortController();
  const metadata = { simulate_latency_ms: String(how.latencyMs) };
  const answer = fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${gateway.key}`,
      "x-vigor-user": "payer",
    },
    body: JSON.stringify(body(1000 + how.at, metadata, how.stream)),
    signal: leave.signal,
  });
  if (how.stream) {
    const reader = (await answer).body?.getReader();
    await reader?.read();
    leave.abort();
    return;
  }
  await waitFor("the provider's calls", areAllCalled);
  leave.abort();
  await answer.catch((error: unknown) => expect(error).toMatchObject({ name: "AbortError" }));
}

async function eventsOf(user: string, count: number): Promise<RequestEvent[]> {
  return waitFor("the events", async () => {
    const found = (await gateway.events()).filter(({ user_id }) => user_id === user);
    return found.length >= count ? found : null;
  });
}

/** No reservation is left, and the counter of all time is what the events say. */
async function everythingSettled(recorded: number): Promise<void> {
  await gateway.running.gateway.recorder.flushed(5_000);
  const [state] = await gateway.usage.read(["global-lifetime:nano-usd:ever:"]);
  expect(state).toEqual({ used: recorded, reserved: 0 });
}
