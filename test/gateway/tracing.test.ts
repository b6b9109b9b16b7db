import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../config.ts";
import { openTelemetryTracing } from "../../gateway/tracing/open-telemetry.ts";
import { openTracing } from "../../wiring.ts";
import {
  answerWith,
  fail,
  type ScriptedProvider,
  startScriptedProvider,
  streamIn,
  streamText,
  USAGE,
} from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import {
  CLIENT,
  type CollectedSpan,
  FAILED,
  SERVER,
  startTraceCollector,
  type TraceCollector,
} from "../support/trace-collector.ts";
import { waitFor } from "../support/wait-for.ts";

/** Each span counts from a wall clock of whole milliseconds, so two of them can be that far apart. */
const CLOCK_NANOSECONDS = 1_000_000;
const CLIENT_TRACE = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN = "b7ad6b7169203331";
const TRACEPARENT = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`;
const SECRET = "what nobody else may read";

let collector: TraceCollector;
let provider: ScriptedProvider;
let gateway: TestGateway;
/** What each provider was called with. */
let traceparents: Record<string, string | undefined> = {};

beforeAll(async () => {
  collector = await startTraceCollector();
  provider = await startScriptedProvider();
  const entry = (name: string) => ({
    adapter: "openai",
    baseUrl: provider.urlOf(name),
    model: `model-of-${name}`,
    price: { inputPerMillion: 1, outputPerMillion: 1 },
  });
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: {
        free: {
          dailyRequests: -1,
          weeklyBudget: 5,
          monthlyBudget: 20,
          allowedProviders: ["first", "second"],
        },
      },
      providers: { first: entry("first"), second: entry("second") },
      routing: { fallbackProvider: "second" },
      features: { plan: { cache: { minutes: 5, scope: "user" } } },
    }),
    tracing: openTelemetryTracing({
      endpoint: `${collector.url}/`,
      serviceName: "vigor-of-tests",
      instance: "one",
      everyMs: 20,
      onError: (error) => expect.unreachable(String(error)),
    }),
  });
});
afterAll(async () => {
  await gateway.close();
  await gateway.running.gateway.tracing?.close();
  await provider.close();
  collector.close();
});

async function ask(body: object, headers: Record<string, string> = {}): Promise<string> {
  traceparents = {};
  const messages = [{ role: "user", content: SECRET }];
  const response = await gateway.post(
    { model: "auto", messages, ...body },
    { "x-vigor-user": "lovelace", ...headers },
  );
  await response.text();
  return response.headers.get("x-vigor-request-id") ?? "";
}

/** The spans of a request, its own first, then its calls in order. */
async function spansOf(requestId: string): Promise<CollectedSpan[]> {
  return waitFor("the spans", () => {
    const spans = collector.spans();
    const root = spans.find(({ attributes }) => attributes["vigor.request_id"] === requestId);
    if (root === undefined) return null;
    const calls = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    return [root, ...calls.sort((a, b) => (a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1))];
  });
}

/** Answers, and remembers how it was called. */
function play(name: string, script = answerWith()): void {
  provider.play(name, (response, request) => {
    const header = request.headers.traceparent;
    traceparents[name] = typeof header === "string" ? header : undefined;
    script(response, request);
  });
}

describe("a traced request", () => {
  it("is part of its client's trace, and so is the provider's call, with the conventions' names", async () => {
    play("first", (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const choices = [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }];
      response.end(JSON.stringify({ id: "1", model: "model-of-first-0815", choices, usage: USAGE }));
    });
    const [root, call, ...others] = await spansOf(
      await ask({ temperature: 0.5 }, { traceparent: TRACEPARENT }),
    );
    expect(others).toEqual([]);
    expect(root).toMatchObject({
      traceId: CLIENT_TRACE,
      parentSpanId: CLIENT_SPAN,
      name: "POST /v1/chat/completions",
      kind: SERVER,
      attributes: {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "vigor.outcome": "ok",
        "vigor.tier": "free",
        "vigor.route_reason": "tier-order",
      },
    });
    expect(call).toMatchObject({
      traceId: CLIENT_TRACE,
      name: "chat model-of-first",
      kind: CLIENT,
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "model-of-first",
        "gen_ai.response.model": "model-of-first-0815",
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.usage.input_tokens": USAGE.prompt_tokens,
        "gen_ai.usage.output_tokens": USAGE.completion_tokens,
        "server.address": "127.0.0.1",
        "server.port": Number(new URL(provider.urlOf("first")).port),
      },
    });
    expect(traceparents.first).toBe(`00-${CLIENT_TRACE}-${call?.spanId}-01`);
    expect(call?.attributes).not.toHaveProperty("error.type");
    expect(collector.resources()[0]).toMatchObject({
      "service.name": "vigor-of-tests",
      "service.instance.id": "one",
    });
  });

  it("without a client's trace begins one", async () => {
    play("first");
    const [root, call] = await spansOf(await ask({}));
    expect(root?.parentSpanId).toBe("");
    expect(root?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(traceparents.first).toBe(`00-${root?.traceId}-${call?.spanId}-01`);
  });

  it("has a span for each provider that was tried, and says why one failed", async () => {
    play("first", fail(500));
    play("second");
    const [root, failed, answered] = await spansOf(await ask({}));
    expect(failed).toMatchObject({ status: { code: FAILED }, attributes: { "error.type": "server-error" } });
    expect(answered).toMatchObject({ name: "chat model-of-second", status: { code: 0 } });
    expect(root).toMatchObject({ status: { code: 0 }, attributes: { "vigor.provider": "second" } });
    expect(traceparents.first).not.toBe(traceparents.second);
  });

  it("of a stream ends with it, and knows its usage", async () => {
    play("first", streamIn([Buffer.from(streamText())]));
    const [root, call] = await spansOf(await ask({ stream: true }));
    expect(call?.attributes).toMatchObject({ "gen_ai.usage.output_tokens": USAGE.completion_tokens });
    expect(Number(root?.attributes["vigor.ttft_ms"])).toBeGreaterThan(0);
    const lateNanoseconds = Number(BigInt(call?.endTimeUnixNano ?? 0) - BigInt(root?.endTimeUnixNano ?? 0));
    expect(lateNanoseconds).toBeLessThan(CLOCK_NANOSECONDS);
  });

  it("that breaks off is an error, in the call and in the request", async () => {
    play("first", streamIn([Buffer.from(streamText().slice(0, 40))], true));
    play("second", streamIn([Buffer.from(streamText().slice(0, 120))], true));
    const spans = await spansOf(await ask({ stream: true }));
    expect(spans[0]).toMatchObject({
      status: { code: FAILED },
      attributes: { "error.type": "provider_error", "vigor.outcome": "failed" },
    });
    expect(spans.at(-1)).toMatchObject({
      status: { code: FAILED },
      attributes: { "error.type": "connection" },
    });
  });

  it("that is refused has no call, and is no error of the server", async () => {
    const [root, ...calls] = await spansOf(await ask({ model: "nobody" }));
    expect(calls).toEqual([]);
    expect(root).toMatchObject({
      status: { code: 0 },
      attributes: { "http.response.status_code": 404, "vigor.outcome": "denied" },
    });
  });

  it("tells neither what was asked, nor what was answered, nor who asked", () => {
    expect(collector.text()).toContain("vigor.request_id");
    // None of these is made of hexadecimal digits only, as ids are.
    for (const content of [SECRET, "hello", "lovelace"]) expect(collector.text()).not.toContain(content);
  });
});

describe("without a collector", () => {
  const logger = pino({ level: "silent" });

  it("there are no traces, and a client's trace stays at the gateway's door", async () => {
    expect(await openTracing(loadConfig({}), logger)).toBeNull();
    const untraced = await startTestGateway({ catalog: gateway.running.gateway.controls.current().catalog });
    try {
      play("first");
      await untraced.post(
        { model: "auto", messages: [{ role: "user", content: "Hi" }] },
        { "x-vigor-user": "lovelace", traceparent: TRACEPARENT },
      );
      expect(traceparents).toHaveProperty("first", undefined);
    } finally {
      await untraced.close();
    }
  });

  it("nothing of OpenTelemetry is loaded: one file imports it, and that one is imported when it is wanted", () => {
    const root = resolve(import.meta.dirname, "../..");
    const sources = ["gateway", "."].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: folder !== ".", encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => ({ file: join(folder, file), text: readFileSync(join(root, folder, file), "utf8") })),
    );
    const naming = (pattern: RegExp) =>
      sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
    expect(naming(/^import (?!type\b)[^;]*"@opentelemetry\//m)).toEqual([
      "gateway/tracing/open-telemetry.ts",
    ]);
    expect(naming(/^import [^;]*open-telemetry\.ts"/m)).toEqual([]);
    expect(naming(/await import\("[^"]*open-telemetry\.ts"\)/)).toEqual(["wiring.ts"]);
  });

  it("one that is away costs no request and no stop", async () => {
    const errors: unknown[] = [];
    const config = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    expect(config.tracing).toEqual({ endpoint: "http://127.0.0.1:9", serviceName: "vigor-gateway" });
    const tracing = openTelemetryTracing({
      endpoint: "http://127.0.0.1:9",
      serviceName: "x",
      instance: "y",
      onError: (error) => errors.push(error),
    });
    const alone = await startTestGateway({ tracing });
    const response = await alone.post(
      { model: "auto", messages: [{ role: "user", content: "Hi" }] },
      { "x-vigor-user": "lovelace" },
    );
    expect(response.status).toBe(200);
    await alone.close();
    await tracing.close();
  });
});
