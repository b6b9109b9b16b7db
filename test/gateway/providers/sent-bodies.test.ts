import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseRequest } from "../../../gateway/parse-request.ts";
import type { MappedRequest, Refusal } from "../../../gateway/providers/adapter.ts";
import { ADAPTERS } from "../../../gateway/providers/adapters.ts";
import { ADAPTER_NAMES, type AdapterName } from "../../../models/domain/catalog.ts";
import { PublicError } from "../../../models/domain/errors.ts";
import type { Endpoint, ParsedRequest } from "../../../models/domain/parameters/request-parameters.ts";
import { listPrices } from "../../../models/domain/price-book.ts";
import { boundCost, boundTokens } from "../../../models/policy/estimate.ts";
import { factsOf } from "../../../models/policy/request-facts.ts";

/**
 * What each provider may get, by its own reference and without what has a price that is not known. `*` is any index, and below `**`
 * an object is the app's own (a JSON schema, the arguments of a call).
 */
const MESSAGE = [
  "role",
  "name",
  "content",
  "content.*.type",
  "content.*.text",
  "content.*.refusal",
  "content.*.image_url",
  "content.*.image_url.url",
  "content.*.image_url.detail",
  "refusal",
  "tool_call_id",
  "tool_calls.*.id",
  "tool_calls.*.type",
  "tool_calls.*.function.name",
  "tool_calls.*.function.arguments",
  "tool_calls.*.custom.name",
  "tool_calls.*.custom.input",
  "function_call.name",
  "function_call.arguments",
].map((path) => `messages.*.${path}`);
const CHAT = [
  ...MESSAGE,
  ...["model", "stream", "stream_options.include_usage", "max_tokens", "n", "temperature", "top_p"],
  ...["frequency_penalty", "presence_penalty", "stop", "stop.*", "tool_choice", "tool_choice.type"],
  ...["tool_choice.function.name", "tool_choice.custom.name", "tool_choice.allowed_tools.mode"],
  ...["tool_choice.allowed_tools.tools.*.type", "tool_choice.allowed_tools.tools.*.function.name"],
  ...["tools.*.type", "tools.*.function.name", "tools.*.function.description", "tools.*.function.strict"],
  ...["tools.*.function.parameters.**", "tools.*.custom.name", "tools.*.custom.description"],
  ...["tools.*.custom.format.**", "response_format.type", "response_format.json_schema.name"],
  ...["response_format.json_schema.description", "response_format.json_schema.strict"],
  "response_format.json_schema.schema.**",
];
const OPEN_CHAT = [
  ...CHAT,
  ...["seed", "logprobs", "top_logprobs", "logit_bias.**", "parallel_tool_calls", "user", "reasoning_effort"],
  ...["functions.*.name", "functions.*.description", "functions.*.strict", "functions.*.parameters.**"],
  ...["function_call", "function_call.name"],
];
const PART = ["type", "text", "refusal", "image_url", "detail"];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "openai /chat/completions": [
    ...OPEN_CHAT,
    ...["max_completion_tokens", "stream_options.include_obfuscation", "prompt_cache_key", "verbosity"],
    ...["safety_identifier", "service_tier", "store"],
  ],
  "openai-compatible /chat/completions": [
    ...OPEN_CHAT,
    "messages.*.reasoning_content",
    "messages.*.tool_calls.*.extra_content.google.thought_signature",
  ],
  "perplexity /chat/completions": [...CHAT, "top_k"],
  "openai /responses": [
    ...[
      "model",
      "input",
      "input.*.type",
      "input.*.role",
      "input.*.content",
      "input.*.call_id",
      "input.*.name",
    ],
    ...PART.flatMap((field) => [`input.*.content.*.${field}`, `input.*.output.*.${field}`]),
    ...["input.*.arguments", "input.*.input", "input.*.output", "instructions", "max_output_tokens"],
    ...["stream", "stream_options.include_obfuscation", "temperature", "top_p", "top_logprobs", "user"],
    ...["safety_identifier", "prompt_cache_key", "metadata.**", "service_tier", "store", "truncation"],
    ...["include.*", "parallel_tool_calls", "reasoning.effort", "reasoning.summary", "tool_choice"],
    ...["reasoning.generate_summary", "tool_choice.type", "tool_choice.name", "tool_choice.mode"],
    ...["tool_choice.tools.*.type", "tool_choice.tools.*.name", "tools.*.type", "tools.*.name"],
    ...["tools.*.description", "tools.*.strict", "tools.*.parameters.**", "tools.*.format.**"],
    ...["text.verbosity", "text.format.type", "text.format.name", "text.format.description"],
    ...["text.format.strict", "text.format.schema.**"],
  ],
  "openai /embeddings": embeddingFields("user", "safety_identifier"),
  "openai-compatible /embeddings": embeddingFields("user"),
  gemini: [
    ...["contents.*.role", "contents.*.parts.*.text", "contents.*.parts.*.functionCall.name"],
    ...["contents.*.parts.*.functionCall.args.**", "contents.*.parts.*.functionResponse.name"],
    ...["contents.*.parts.*.functionResponse.response.**", "contents.*.parts.*.thoughtSignature"],
    ...["contents.*.parts.*.inlineData.mimeType", "contents.*.parts.*.inlineData.data"],
    ...["systemInstruction.parts.*.text", "systemInstruction.parts.*.inlineData.mimeType"],
    ...["systemInstruction.parts.*.inlineData.data", "tools.*.functionDeclarations.*.name"],
    ...["tools.*.functionDeclarations.*.description", "toolConfig.functionCallingConfig.mode"],
    ...["tools.*.functionDeclarations.*.parametersJsonSchema.**"],
    ...["toolConfig.functionCallingConfig.allowedFunctionNames.*"],
    ...["maxOutputTokens", "candidateCount", "temperature", "topP", "topK", "seed", "presencePenalty"].map(
      (field) => `generationConfig.${field}`,
    ),
    ...["frequencyPenalty", "responseLogprobs", "logprobs", "stopSequences.*", "responseMimeType"].map(
      (field) => `generationConfig.${field}`,
    ),
    ...["generationConfig.responseJsonSchema.**", "generationConfig.thinkingConfig.thinkingBudget"],
    "generationConfig.thinkingConfig.thinkingLevel",
  ],
};

function embeddingFields(...more: string[]): readonly string[] {
  return ["model", "input", "input.*", "input.*.*", "dimensions", "encoding_format", ...more];
}

const word = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ maxLength: 20 }),
  fc.constantFrom('{"a":1e20,"b":[1E+19]}', "\u2028\u0000", "é漢🎉", "\ud83d"),
);
const url = fc.constantFrom("https://example.com/a.png", `data:image/png;base64,${"QUJD".repeat(50)}`);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
/** Numbers are written anew: 1e20 takes four bytes, and 21 once it was parsed. */
const schema = fc.constantFrom<object>(
  { type: "object", properties: { a: { maximum: 1e20, minimum: -1e-7 } } },
  { type: "object", enum: Array.from({ length: 20 }, () => 1e20) },
);
const junk = fc.dictionary(
  fc.constantFrom("id", "cache_control", "annotations", "audio", "parsed", "file_id", "status", "phase", "x"),
  fc.constantFrom<unknown>(null, "a", { type: "ephemeral", ttl: "1h" }, 3),
  { maxKeys: 1 },
);
const rarely = <Value>(value: fc.Arbitrary<Value>, otherwise: number) =>
  fc.oneof({ weight: otherwise, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: value });
const some = <Fields extends object>(fields: fc.Arbitrary<Fields>) =>
  fc.tuple(fields, rarely(junk, 20)).map(([own, more]) => ({ ...more, ...own }));

const image = some(
  fc.record({
    type: fc.constant("image_url"),
    image_url: fc.record({ url, detail: maybe(fc.constant("low")) }),
  }),
);
const part = fc.oneof(some(fc.record({ type: fc.constant("text"), text: word })), image);
const madeCall = some(
  fc.record({
    id: fc.constantFrom("a", "b"),
    type: fc.constant("function"),
    function: fc.record({
      name: fc.constant("f".repeat(60)),
      arguments: fc.constantFrom("{}", '{"n":1e20}'),
    }),
    extra_content: maybe(fc.constant({ google: { thought_signature: "sig" } })),
  }),
);
const message = fc.oneof(
  some(fc.record({ role: fc.constantFrom("system", "user"), content: fc.oneof(word, fc.array(part)) })),
  some(
    fc.record({
      role: fc.constant("assistant"),
      content: maybe(word),
      tool_calls: maybe(fc.array(madeCall, { maxLength: 3 })),
      reasoning_content: maybe(word),
    }),
  ),
  some(fc.record({ role: fc.constant("tool"), content: word, tool_call_id: fc.constantFrom("a", "b") })),
);
const tool = fc.record({
  type: fc.constantFrom("function", "function", "function", "function", "function", "web_search"),
  function: fc.record({ name: fc.constant("f"), description: maybe(word), parameters: schema }),
});
const shared = {
  model: fc.constant("auto"),
  stream: maybe(fc.boolean()),
  temperature: maybe(fc.double()),
  top_p: maybe(fc.double()),
  user: maybe(word),
  metadata: maybe(fc.dictionary(word, word, { maxKeys: 2 })),
  store: maybe(fc.boolean()),
  service_tier: maybe(fc.constantFrom("auto", "default", "flex")),
  stream_options: maybe(fc.record({ include_usage: fc.boolean() })),
};
const unknown = rarely(
  fc.dictionary(
    fc.constantFrom(
      "web_search",
      "thinking",
      "previous_response_id",
      "plugins",
      "turbo",
      "__proto__",
      "prompt",
    ),
    fc.constantFrom<unknown>(null, false, true, { type: "enabled" }),
    { maxKeys: 1 },
  ),
  4,
);
const bodies: Readonly<Record<Endpoint, fc.Arbitrary<object>>> = {
  chat: fc.record({
    ...shared,
    messages: fc.array(message, { minLength: 1, maxLength: 6 }),
    max_tokens: maybe(fc.integer({ min: 1, max: 5_000 })),
    n: maybe(fc.integer({ min: 1, max: 4 })),
    seed: maybe(fc.integer()),
    stop: maybe(fc.array(word, { maxLength: 3 })),
    reasoning_effort: maybe(fc.constantFrom("none", "low", "high")),
    tools: maybe(fc.array(tool, { maxLength: 2 })),
    tool_choice: maybe(fc.constantFrom("auto", { type: "function", function: { name: "f" } })),
    response_format: maybe(
      schema.map((given) => ({ type: "json_schema", json_schema: { name: "x", schema: given } })),
    ),
    logit_bias: maybe(fc.constant({ "50256": -1e20 })),
  }),
  responses: fc.record({
    ...shared,
    input: fc.oneof(
      word,
      fc.array(
        fc.oneof(
          some(fc.record({ role: fc.constant("user"), content: fc.oneof(word, fc.array(responsePart())) })),
          some(fc.record({ type: fc.constant("reasoning"), encrypted_content: word })),
          some(
            fc.record({
              type: fc.constant("function_call"),
              call_id: fc.constant("a"),
              name: fc.constant("f"),
              arguments: fc.constant('{"n":1e20}'),
            }),
          ),
          some(
            fc.record({ type: fc.constant("function_call_output"), call_id: fc.constant("a"), output: word }),
          ),
          fc.constant({ id: "msg_1" }),
        ),
        { minLength: 1, maxLength: 6 },
      ),
    ),
    instructions: maybe(word),
    max_output_tokens: maybe(fc.integer({ min: 1, max: 5_000 })),
    reasoning: maybe(fc.record({ effort: fc.constant("low") })),
    tools: maybe(
      fc.array(
        fc.record({ type: fc.constantFrom("function", "web_search"), name: word, parameters: schema }),
        {
          maxLength: 1,
        },
      ),
    ),
    include: maybe(fc.constant(["reasoning.encrypted_content"])),
  }),
  embeddings: fc.record({
    model: fc.constant("auto"),
    input: fc.oneof(word, fc.array(word), fc.array(fc.integer()), fc.array(fc.array(fc.nat()))),
    dimensions: maybe(fc.nat()),
    user: maybe(word),
  }),
};

function responsePart() {
  return fc.oneof(
    some(fc.record({ type: fc.constant("input_text"), text: word })),
    some(fc.record({ type: fc.constant("input_image"), image_url: url, detail: maybe(fc.constant("low")) })),
  );
}

describe("what a provider gets", () => {
  it.each(["chat", "responses", "embeddings"] as const)(
    "of whatever body of %s has nothing that the table does not name, and fewer bytes than its bound has tokens, at every adapter",
    (endpoint) => {
      let sent = 0;
      fc.assert(
        fc.property(bodies[endpoint], unknown, fc.double({ min: 0, max: 1 }), (body, more, at) => {
          const bytes = damaged(Buffer.from(JSON.stringify({ ...more, ...body })), at);
          for (const adapter of ADAPTER_NAMES) {
            const made = send(endpoint, bytes, adapter);
            if (made === null) continue;
            sent += 1;
            expect(strangersIn(adapter, made.mapped)).toEqual([]);
            const text = made.mapped.body.replace(/data:image\/png;base64,|(QUJD)+/g, "");
            expect(made.boundTokens).toBeGreaterThanOrEqual(Buffer.byteLength(text));
          }
        }),
        { numRuns: 600 },
      );
      // Not all of them were refused.
      expect(sent).toBeGreaterThan(300);
    },
  );

  it("is counted as it is written: numbers that become longer, and names that are repeated", () => {
    const numbers = `[${Array.from({ length: 1_000 }, () => "1e20").join(",")}]`;
    const withNumbers = Buffer.from(
      `{"model":"auto","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"enum":${numbers}}}}]}`,
    );
    for (const adapter of ADAPTER_NAMES) {
      const { bound, sent } = boundAndSent(withNumbers, adapter);
      expect(sent).toBeGreaterThan(3 * withNumbers.length);
      expect(bound).toBeGreaterThanOrEqual(sent);
    }
    const called = { id: "a", function: { name: "f".repeat(200), arguments: "{}" } };
    const results = Array.from({ length: 200 }, () => ({ role: "tool", tool_call_id: "a", content: "" }));
    const messages = [
      { role: "user", content: "x" },
      { role: "assistant", tool_calls: [called] },
      ...results,
    ];
    const repeated = Buffer.from(JSON.stringify({ model: "auto", messages }));
    // Gemini has the function's name with each of its results.
    const { bound, sent } = boundAndSent(repeated, "gemini");
    expect(sent).toBeGreaterThan(2 * repeated.length);
    expect(bound).toBeGreaterThanOrEqual(sent);
  });

  it("is nothing, where a body's bytes are no UTF-8 and would become longer", () => {
    const text = Buffer.from('{"model":"auto","messages":[{"role":"user","content":"@"}]}');
    const at = text.indexOf("@");
    const broken = Buffer.concat([text.subarray(0, at), Buffer.alloc(1_000, 0xff), text.subarray(at + 1)]);
    for (const adapter of ADAPTER_NAMES) expect(send("chat", broken, adapter)).toBeNull();
  });

  it("is charged by the long-context price once its bytes reach it, also where the app's own did not", () => {
    const numbers = `[${Array.from({ length: 15_000 }, () => "1e20").join(",")}]`;
    const bytes = Buffer.from(
      `{"model":"auto","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"enum":${numbers}}}}]}`,
    );
    const schedule = listPrices({
      model: "gemini-2.5-pro",
      baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    });
    const price = schedule.at(-1)?.price;
    const made = send("chat", bytes, "gemini");
    if (price === undefined || made === null) throw new Error("there is no price");
    // Google's list: $2.50 a million tokens of input above 200,000, $1.25 below.
    expect(bytes.length).toBeLessThan(200_000);
    const tokens = Buffer.byteLength(made.mapped.body);
    expect(tokens).toBeGreaterThan(200_000);
    const bound = boundCost(price, { inputTokens: made.boundTokens, outputTokens: 0 });
    expect(bound).toBeGreaterThanOrEqual(tokens * 2_500);
  });
});

/** Sometimes a byte that is no UTF-8 stands where a letter was. */
function damaged(bytes: Buffer, at: number): Buffer {
  const place = bytes.indexOf("content") + 12 + Math.floor(at * 10);
  const byte = bytes[place];
  if (at < 0.5 || byte === undefined || byte < 0x61 || byte > 0x7a) return bytes;
  return Buffer.concat([bytes.subarray(0, place), Buffer.of(0xff), bytes.subarray(place + 1)]);
}

interface Made {
  readonly mapped: MappedRequest;
  readonly boundTokens: number;
}

function boundAndSent(bytes: Buffer, adapter: AdapterName): { bound: number; sent: number } {
  const made = send("chat", bytes, adapter);
  if (made === null) throw new Error("it was refused");
  return { bound: made.boundTokens, sent: Buffer.byteLength(made.mapped.body) };
}

/** Null: it is refused. */
function send(endpoint: Endpoint, bytes: Buffer, adapter: AdapterName): Made | null {
  let parsed: ParsedRequest;
  try {
    parsed = parseRequest(endpoint, bytes, new Set());
  } catch (error) {
    if (!(error instanceof PublicError)) throw error;
    expect(["invalid_json", "invalid_request", "unsupported_parameter"]).toContain(error.code);
    return null;
  }
  const facts = factsOf(parsed, bytes.length);
  const mapped = mapAt(adapter, parsed, facts.imageBytes);
  if (mapped === null || mapped.kind === "refusal") return null;
  const textBytes = Buffer.byteLength(mapped.body) - mapped.imageBytes;
  const tier = { maxOutputTokens: 500 };
  const { inputTokens } = boundTokens(
    { ...facts, images: 0, lowDetailImages: 0, hasTools: false },
    tier,
    "",
    {
      textBytes,
      extraInputTokens: 0,
    },
  );
  return { mapped, boundTokens: inputTokens };
}

function mapAt(
  adapter: AdapterName,
  parsed: ParsedRequest,
  imageBytes: number,
): MappedRequest | Refusal | null {
  const { endpoints } = ADAPTERS[adapter];
  const context = {
    extra: null,
    extraParameters: new Map(),
    outputLimitParameter: adapter === "openai" ? ("max_completion_tokens" as const) : ("max_tokens" as const),
    imageBytes,
    model: "gemini-2.5-pro",
    maxOutputTokens: 500,
    isSimulated: false,
    nowSeconds: 1,
  };
  switch (parsed.endpoint) {
    case "chat":
      return endpoints.chat?.mapRequest({ ...context, body: parsed.body }) ?? null;
    case "responses":
      return endpoints.responses?.mapRequest({ ...context, body: parsed.body }) ?? null;
    case "embeddings":
      return endpoints.embeddings?.mapRequest({ ...context, body: parsed.body }) ?? null;
  }
}

/** Paths of a sent body that its provider must not get. */
function strangersIn(adapter: AdapterName, { path, body }: MappedRequest): string[] {
  const allowed = ALLOWED[adapter === "gemini" ? "gemini" : `${adapter} ${path}`];
  if (allowed === undefined) throw new Error(`nobody has said what ${adapter} may get at ${path}`);
  return pathsOf(JSON.parse(body)).filter(
    (found) =>
      !allowed.some((each) =>
        each.endsWith(".**") ? `${found}.`.startsWith(each.slice(0, -2)) : each === found,
      ),
  );
}

/** Of every value that is neither an object nor a list: its path, with `*` for an index. */
function pathsOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, at === "" ? "*" : `${at}.*`));
  const object = z.record(z.string(), z.unknown()).safeParse(value).data;
  if (object === undefined) return [at];
  return Object.entries(object).flatMap(([key, inner]) => pathsOf(inner, at === "" ? key : `${at}.${key}`));
}
