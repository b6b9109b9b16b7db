import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MAX_JSON_DEPTH } from "../../models/domain/json.ts";
import {
  answerWith,
  type Script,
  type ScriptedProvider,
  startScriptedProvider,
  streamIn,
} from "../support/scripted-provider.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let providers: ScriptedProvider;
let gateway: TestGateway;
let seen = 0;
beforeAll(async () => {
  providers = await startScriptedProvider();
  const named = (adapter: string) => ({
    adapter,
    baseUrl: providers.urlOf(adapter),
    model: adapter,
    price: { inputPerMillion: 1, outputPerMillion: 2 },
    timeoutSeconds: 5,
  });
  const limits = { dailyRequests: -1, weeklyBudget: 100, monthlyBudget: 100, maxOutputTokens: 100 };
  gateway = await startTestGateway({
    catalog: testCatalog({
      tiers: { free: { ...limits, allowedProviders: ADAPTERS } },
      providers: Object.fromEntries(ADAPTERS.map((adapter) => [adapter, named(adapter)])),
      routing: { fallbackProvider: "openai" },
    }),
  });
});
afterAll(async () => {
  await gateway.close();
  await providers.close();
});
beforeEach(async () => {
  seen = (await gateway.events()).length;
});

const ADAPTERS = ["openai", "openai-compatible", "gemini", "perplexity"];
const DEEP = 5_000;
const HALF = '"\\ud83d"';
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const messages = [{ role: "user", content: "hi" }];
const promptOf = (path: string) => (path === "/v1/responses" ? { input: "hi" } : { messages });

async function post(path: string, body: string) {
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${gateway.key}`,
      "x-vigor-user": "ada",
    },
    body,
  });
  const answer: unknown = await response.json();
  return { status: response.status, answer };
}

async function newEvents() {
  return (await gateway.events()).slice(seen);
}

describe("a body of very many wrong parts is refused without a look at each", () => {
  const many = (part: string, count: number) => Array(count).fill(part).join(",");
  it.each([
    ["messages", "/v1/chat/completions", `{"messages":[${many("{}", 200_000)}]}`, "objects and arrays"],
    [
      "tools to choose from",
      "/v1/chat/completions",
      `{"model":"auto","messages":[{"role":"user","content":"hi"}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[${many("1", 20_000)}]}}}`,
      "Too big",
    ],
    [
      "tokens",
      "/v1/embeddings",
      `{"model":"auto","input":[${many("[0.5]", 1)}]}`,
      "must be a string, or whole numbers",
    ],
  ])("%s", async (_what, path, body, message) => {
    const { status, answer } = await post(path, body);
    expect(status).toBe(400);
    expect(answer).toMatchObject({ error: { message: expect.stringContaining(message) } });
  });
});

describe("a body that nothing may recurse into, or that cannot be stored", () => {
  const bodies: readonly (readonly [string, (field: string) => string])[] = [
    ["5,000 levels", (field) => `{"${field}":${nested(DEEP)}}`],
    ["one level too many", (field) => `{"${field}":${nested(MAX_JSON_DEPTH)}}`],
    ["half of a surrogate pair", (field) => `{"${field}":${HALF}}`],
    ["half of a surrogate pair in an unknown field", () => `{"x":{"y":[${HALF}]}}`],
  ];
  it.each(
    ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/feedback"].flatMap((path) =>
      bodies.map(([what, bodyWith]) => [path, what, bodyWith] as const),
    ),
  )("%s answers 400 invalid_json to %s", async (path, _what, bodyWith) => {
    for (const field of ["messages", "input", "model", "comment", "metadata"]) {
      const { status, answer } = await post(path, bodyWith(field));
      expect({ status, answer }).toMatchObject({ status: 400, answer: { error: { code: "invalid_json" } } });
    }
    for (const event of await newEvents()) {
      expect(event).toMatchObject({ outcome: "denied", denial_reason: "invalid_json", http_status: 400 });
    }
  });

  it("is told apart from one that is as deep as a big tool needs", async () => {
    let schema: object = { type: "string" };
    for (let level = 0; level < 40; level += 1) schema = { type: "object", properties: { a: schema } };
    const tools = [{ type: "function", function: { name: "deep", parameters: schema } }];
    providers.play("openai", answerWith());
    expect(
      (await post("/v1/chat/completions", JSON.stringify({ model: "openai", messages, tools }))).status,
    ).toBe(200);
  });

  it.each(ADAPTERS)("goes to %s as a text where it is the arguments of a tool call", async (model) => {
    providers.play(model, model === "gemini" ? geminiAnswer : answerWith());
    const call = { id: "c1", type: "function", function: { name: "f", arguments: nested(DEEP) } };
    const asked = [
      ...messages,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: `{"a":${nested(DEEP)}}` },
    ];
    const { status } = await post("/v1/chat/completions", JSON.stringify({ model, messages: asked }));
    expect(status).toBeLessThan(500);
  });
});

const geminiAnswer: Script = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ candidates: [{ content: { parts: [{ text: "hi" }] }, finishReason: "STOP" }] }),
  );
};

describe.each(ADAPTERS)("what %s answers", (model) => {
  const deep = `{"id":"1","choices":${nested(DEEP)},"candidates":${nested(DEEP)},"output":${nested(DEEP)},"usage":{"a":${nested(DEEP)}}}`;

  it.each(["/v1/chat/completions", "/v1/responses"])(
    "in 5,000 levels at %s is the provider's failure, and not the gateway's",
    async (path) => {
      providers.play(model, (response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(deep);
      });
      const { status, answer } = await post(path, JSON.stringify({ model, ...promptOf(path) }));
      expect({ status, answer }).toMatchObject({
        status: 502,
        answer: { error: { code: "provider_error" } },
      });
      expect(await newEvents()).toMatchObject([{ outcome: "failed", denial_reason: "provider_error" }]);
    },
  );

  it.each(["/v1/chat/completions", "/v1/responses"])(
    "in 5,000 levels in a stream at %s never becomes a bug of the gateway",
    async (path) => {
      providers.play(model, streamIn([Buffer.from(`data: ${deep}\n\n`), Buffer.from("data: [DONE]\n\n")]));
      const response = await fetch(gateway.url + path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${gateway.key}`,
          "x-vigor-user": "ada",
        },
        body: JSON.stringify({ model, ...promptOf(path), stream: true }),
      });
      expect(await response.text()).not.toContain("internal_error");
      expect(await newEvents()).toHaveLength(1);
      expect(await newEvents()).not.toMatchObject([{ denial_reason: "internal_error" }]);
    },
  );
});

describe("a client that leaves while it uploads", () => {
  const head = (more: string): string =>
    `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${gateway.key}\r\ncontent-type: application/json\r\n${more}\r\n\r\n`;
  const leave: readonly (readonly [string, (socket: net.Socket) => void])[] = [
    ["closes its connection", (socket) => socket.end()],
    ["resets its connection", (socket) => socket.resetAndDestroy()],
  ];

  it.each(leave)("and %s is recorded as aborted, and is no failure of the service", async (_what, go) => {
    const port = Number(new URL(gateway.url).port);
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.write(head("content-length: 5000\r\nexpect: 100-continue"));
    await once(socket, "data");
    socket.write('{"model":');
    go(socket);
    await expect.poll(async () => (await newEvents()).length).toBe(1);
    expect(await newEvents()).toMatchObject([
      { outcome: "aborted", denial_reason: "", http_status: 0, cost: 0 },
    ]);
  });

  it("and breaks the framing of its body is recorded as aborted", async () => {
    const port = Number(new URL(gateway.url).port);
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.write(`${head("transfer-encoding: chunked")}5\r\n{"mod\r\nnot a length\r\n`);
    socket.resume();
    await expect.poll(async () => (await newEvents()).length).toBe(1);
    expect(await newEvents()).toMatchObject([{ outcome: "aborted", cost: 0 }]);
  });
});
