import OpenAI from "openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SimulatedProvider, startSimulatedProvider } from "../../simulated-provider/server.ts";
import { askFor, clientOf, nextBooks, waitForBooks } from "./client.ts";

let provider: SimulatedProvider;
beforeEach(async () => {
  provider = await startSimulatedProvider({ latencyScale: 0, seed: 7 });
});
afterEach(() => provider.close());

const failing = (fault: string, text = "Fail.") => askFor(text, { metadata: { simulate_error: fault } });

const ask = (name: string, body = askFor("Hello.")) => clientOf(provider, name).chat.completions.create(body);

test.each([
  ["500", OpenAI.InternalServerError],
  ["503", OpenAI.InternalServerError],
  ["429", OpenAI.RateLimitError],
  ["401", OpenAI.AuthenticationError],
  ["400", OpenAI.BadRequestError],
])("a simulated %s is the client's own error class and is not billed", async (status, errorClass) => {
  await expect(ask("gpt-4o", failing(status))).rejects.toBeInstanceOf(errorClass);
  expect(provider.books()["gpt-4o"]).toMatchObject({
    failed: 1,
    promptTokens: 0,
    completionTokens: 0,
    inFlight: 0,
  });
});

test("a rate limit says when to come back", async () => {
  const error = await ask("gpt-4o", failing("429")).catch((caught: unknown) => caught);
  if (!(error instanceof OpenAI.APIError)) throw error;
  expect(error.headers?.get("retry-after")).toBe("1");
  expect(error.code).toBe("rate_limit_exceeded");
});

test("a reset breaks the connection before any answer", async () => {
  await expect(ask("gpt-4o", failing("reset"))).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  expect(provider.books()["gpt-4o"]).toMatchObject({ failed: 1, promptTokens: 0 });
});

test("a hang ends when the client gives up, and nothing is billed", async () => {
  const client = clientOf(provider, "gpt-4o");
  const leave = new AbortController();
  const hanging = client.chat.completions.create(failing("hang"), { signal: leave.signal });
  await waitForBooks(provider, "gpt-4o", ({ inFlight }) => inFlight === 1);
  leave.abort();
  await expect(hanging).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  await waitForBooks(provider, "gpt-4o", ({ inFlight }) => inFlight === 0);
  expect(provider.books()["gpt-4o"]).toMatchObject({ aborted: 1, promptTokens: 0, completionTokens: 0 });
});

test("a proxy's error page is HTML with status 502", async () => {
  const response = await raw(failing("html"));
  expect([response.status, response.headers.get("content-type")]).toEqual([502, "text/html"]);
  expect(await response.text()).toContain("<html>");
});

test("broken JSON has a good status, cannot be parsed, and is billed", async () => {
  const response = await raw(failing("broken-json"));
  expect(response.status).toBe(200);
  await expect(response.json()).rejects.toThrow(SyntaxError);
  expect(provider.books()["gpt-4o"]?.completionTokens).toBeGreaterThan(0);
});

test.each([true, false])(
  "an answer cut in the middle (stream: %s) is billed and never ends properly",
  async (stream) => {
    const response = await raw({ ...failing("cut"), stream });
    await expect(response.text()).rejects.toThrow();
    await waitForBooks(provider, "gpt-4o", ({ failed }) => failed === 1);
    expect(provider.books()["gpt-4o"]?.completionTokens).toBeGreaterThan(0);
  },
);

test("an answer without usage is billed all the same", async () => {
  const answer = await ask("gpt-4o", failing("no-usage"));
  expect(answer.usage).toBeUndefined();
  expect(provider.books()["gpt-4o"]?.completionTokens).toBeGreaterThan(0);
});

test("an error can be meant for one provider only", async () => {
  const metadata = { simulate_error: "500", simulate_error_at: "gpt-4o,gemini-pro" };
  await expect(ask("gpt-4o", askFor("Hi.", { metadata }))).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  expect((await ask("perplexity", askFor("Hi.", { metadata }))).choices).toHaveLength(1);
});

test("faults are put on and taken off over HTTP", async () => {
  const put = async (body: object) =>
    (await fetch(`${provider.url}/behaviour/gpt-4o`, { method: "PUT", body: JSON.stringify(body) })).status;
  expect(await put({ errorRate: 1, error: "503" })).toBe(200);
  await expect(ask("gpt-4o")).rejects.toMatchObject({ status: 503 });
  expect((await ask("gpt-4o-mini")).choices).toHaveLength(1);
  expect(await put({ errorRates: 1 })).toBe(400);
  expect(await put({ down: true })).toBe(200);
  await expect(ask("gpt-4o")).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  await fetch(`${provider.url}/behaviour/gpt-4o`, { method: "DELETE" });
  expect((await ask("gpt-4o")).choices).toHaveLength(1);
});

test("random errors come at their rate, repeatably, and a retry has a chance", async () => {
  provider.setBehaviour("gpt-4o", { errorRate: 0.5, error: "500" });
  const results = async (): Promise<boolean[]> => {
    const books = nextBooks(provider, "gpt-4o");
    const answers: boolean[] = [];
    for (let call = 0; call < 40; call += 1) {
      answers.push(
        await ask("gpt-4o", askFor("The same each time.")).then(
          () => true,
          () => false,
        ),
      );
    }
    expect(books().failed).toBe(answers.filter((isOk) => !isOk).length);
    return answers;
  };
  const first = await results();
  expect(new Set(first)).toEqual(new Set([true, false]));
  await provider.close();
  provider = await startSimulatedProvider({ latencyScale: 0, seed: 7 });
  provider.setBehaviour("gpt-4o", { errorRate: 0.5, error: "500" });
  expect(await results()).toEqual(first);
});

function raw(body: object): Promise<Response> {
  return fetch(`${provider.url}/gpt-4o/v1/chat/completions`, { method: "POST", body: JSON.stringify(body) });
}
