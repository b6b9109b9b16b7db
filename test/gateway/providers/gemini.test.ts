import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { geminiAdapter, geminiChat } from "../../../gateway/providers/gemini/gemini-adapter.ts";
import { readUsage } from "../../../gateway/usage-report.ts";
import { callWith, eventsOf, hear, mappedRequest, NOW_SECONDS } from "./adapter-call.ts";

const weather = {
  type: "function",
  function: { name: "weather", description: "Weather", parameters: { type: "object", properties: {} } },
};
const asked = (role: string, more: object) => ({ role, ...more });
const refusalOf = (body: Record<string, unknown>) => {
  const mapped = geminiChat.mapRequest(callWith(body));
  return mapped.kind === "refusal" ? mapped.message : null;
};

describe("a request", () => {
  it("has the model in its path and the key in a header, and imposes the output limit", () => {
    const { path, body } = mappedRequest(geminiChat, callWith({ max_tokens: 5_000 }));
    expect(path).toBe("/models/a-model:generateContent");
    expect(body).toEqual({
      contents: [{ role: "user", parts: [{ text: "Hello" }] }],
      generationConfig: { maxOutputTokens: 100 },
    });
    expect(mappedRequest(geminiChat, callWith({ stream: true })).path).toBe(
      "/models/a-model:streamGenerateContent?alt=sse",
    );
    expect(geminiAdapter.authorize("secret")).toEqual({ "x-goog-api-key": "secret" });
  });

  it("keeps system messages apart and joins turns of one role", () => {
    const messages = [
      asked("system", { content: "Be short." }),
      asked("user", { content: "One" }),
      asked("user", { content: [{ type: "text", text: "Two" }] }),
      asked("assistant", { content: "Three" }),
      asked("developer", { content: "Be kind." }),
      asked("user", { content: "Four" }),
    ];
    expect(mappedRequest(geminiChat, callWith({ messages })).body).toMatchObject({
      systemInstruction: { parts: [{ text: "Be short." }, { text: "Be kind." }] },
      contents: [
        { role: "user", parts: [{ text: "One" }, { text: "Two" }] },
        { role: "model", parts: [{ text: "Three" }] },
        { role: "user", parts: [{ text: "Four" }] },
      ],
    });
  });

  it("with a system message alone is a question", () => {
    const messages = [asked("system", { content: "Say hi." })];
    expect(mappedRequest(geminiChat, callWith({ messages })).body).toMatchObject({
      contents: [{ role: "user", parts: [{ text: "Say hi." }] }],
    });
  });

  it("gives a tool's result the name of the function that was called", () => {
    const call = {
      id: "call_1",
      type: "function",
      function: { name: "weather", arguments: '{"at":"Rome"}' },
    };
    const messages = [
      asked("user", { content: "Weather?" }),
      asked("assistant", { content: null, tool_calls: [call] }),
      asked("tool", { tool_call_id: "call_1", content: "sunny" }),
    ];
    const body = { messages, tools: [weather], tool_choice: "required" };
    expect(mappedRequest(geminiChat, callWith(body)).body).toMatchObject({
      contents: [
        { role: "user" },
        { role: "model", parts: [{ functionCall: { name: "weather", args: { at: "Rome" } } }] },
        { role: "user", parts: [{ functionResponse: { name: "weather", response: { output: "sunny" } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: { type: "object" } }] }],
      toolConfig: { functionCallingConfig: { mode: "ANY" } },
    });
  });

  it("returns a call's signature, and says that it is missing to models that want one", () => {
    const call = { id: "c", type: "function", function: { name: "weather", arguments: "{}" } };
    const signed = { ...call, extra_content: { google: { thought_signature: "sig" } } };
    const partsOf = (toolCall: object, model: string) => {
      const messages = [asked("user", { content: "?" }), asked("assistant", { tool_calls: [toolCall] })];
      return mappedRequest(geminiChat, callWith({ messages }, { model })).body;
    };
    const parts = (thoughtSignature: string) => ({ contents: [{}, { parts: [{ thoughtSignature }] }] });
    expect(partsOf(signed, "gemini-2.5-flash")).toMatchObject(parts("sig"));
    expect(partsOf(call, "gemini-3-flash")).toMatchObject(parts("skip_thought_signature_validator"));
    expect(JSON.stringify(partsOf(call, "gemini-2.5-flash"))).not.toContain("thoughtSignature");
  });

  it("maps sampling, stops, structured output and reasoning effort", () => {
    const body = {
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      n: 2,
      stop: "END",
      presence_penalty: 0.1,
      reasoning_effort: "low",
      response_format: { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } },
    };
    const asked = callWith(body, { model: "gemini-2.5-pro", maxOutputTokens: 2_000 });
    expect(mappedRequest(geminiChat, asked).body).toMatchObject({
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        candidateCount: 2,
        stopSequences: ["END"],
        presencePenalty: 0.1,
        thinkingConfig: { thinkingBudget: 1024 },
        responseMimeType: "application/json",
        responseJsonSchema: { type: "object" },
        maxOutputTokens: 2_000,
      },
    });
  });

  it.each([
    ["high", 4_096, 4_096],
    ["low", 4_096, 1_024],
    ["high", 100, undefined],
    ["none", 100, 0],
  ])("thinks within its output limit: effort %s of %i tokens", (effort, maxOutputTokens, thinkingBudget) => {
    const asked = callWith({ reasoning_effort: effort }, { model: "gemini-2.5-flash", maxOutputTokens });
    const thinkingConfig = thinkingBudget === undefined ? {} : { thinkingConfig: { thinkingBudget } };
    expect(mappedRequest(geminiChat, asked).body).toMatchObject({
      generationConfig: { maxOutputTokens, ...thinkingConfig },
    });
    if (thinkingBudget === undefined)
      expect(JSON.stringify(mappedRequest(geminiChat, asked).body)).not.toContain("thinkingConfig");
  });

  it("takes images as data, and refuses what could be a video or a document", () => {
    const withImage = (url: string) => ({
      messages: [asked("user", { content: [{ type: "image_url", image_url: { url } }] })],
    });
    expect(mappedRequest(geminiChat, callWith(withImage("data:image/png;base64,AAAA"))).body).toMatchObject({
      contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }] }],
    });
    expect(refusalOf(withImage("https://example.com/a.png"))).toMatch(/data URL/);
    expect(refusalOf(withImage("data:image/png,AAAA"))).toMatch(/data URL/);
    // What is no image is no request to any provider.
    expect(() => callWith(withImage("data:video/mp4;base64,AAAA"))).toThrow(/image_url/);
  });

  it.each([
    ["an answer to a call that nobody made", [asked("tool", { tool_call_id: "x", content: "1" })], /"x"/],
    [
      "arguments that are no object",
      [asked("assistant", { tool_calls: [{ id: "a", function: { name: "f", arguments: "1" } }] })],
      /no JSON object/,
    ],
    ["a result in the old form", [asked("function", { name: "f", content: "1" })], /old functions/],
  ])("is refused for %s", (_what, messages, message) => {
    expect(refusalOf({ messages })).toMatch(message);
  });

  it("tells a stand-in how to behave, and nobody else", () => {
    const metadata = { simulate_error: "500" };
    const bodyOf = (isSimulated: boolean) =>
      mappedRequest(geminiChat, callWith({ metadata }, { isSimulated })).body;
    expect(bodyOf(true)).toMatchObject({ labels: metadata });
    expect(bodyOf(false)).not.toHaveProperty("labels");
  });
});

const usageMetadata = {
  promptTokenCount: 100,
  cachedContentTokenCount: 40,
  candidatesTokenCount: 20,
  thoughtsTokenCount: 30,
  totalTokenCount: 150,
};
const usage = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 40 },
  completion_tokens_details: { reasoning_tokens: 30 },
};
const candidate = (parts: object[], finishReason?: string, index = 0) => ({
  content: { role: "model", parts },
  index,
  ...(finishReason === undefined ? {} : { finishReason }),
});

describe("an answer", () => {
  it("becomes a chat completion, with cached and thinking tokens in buckets of their own", () => {
    const answer = {
      candidates: [
        candidate([{ text: "thinking", thought: true }, { text: "Hi " }, { text: "you" }], "STOP"),
      ],
      usageMetadata,
      modelVersion: "gemini-2.5-flash",
      responseId: "abc",
    };
    expect(geminiChat.mapResponse(answer, callWith({}))?.body).toEqual({
      id: "chatcmpl-abc",
      object: "chat.completion",
      created: NOW_SECONDS,
      model: "gemini-2.5-flash",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hi you", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage,
    });
    expect(readUsage(geminiChat.usage, answer)).toEqual({
      input: 60,
      cachedInput: 40,
      output: 20,
      reasoning: 30,
    });
  });

  it("with calls has ids for them and the finish reason of calls", () => {
    const parts = [
      { functionCall: { name: "a", args: { x: 1 } }, thoughtSignature: "sig" },
      { functionCall: { name: "b" } },
    ];
    const answer = { candidates: [candidate(parts, "STOP")], responseId: "r" };
    const [choice] = choicesOf(geminiChat.mapResponse(answer, callWith({}))?.body);
    expect(choice).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [
          {
            id: "call_r_0_0",
            function: { name: "a", arguments: '{"x":1}' },
            extra_content: { google: { thought_signature: "sig" } },
          },
          { id: "call_r_0_1", function: { name: "b", arguments: "{}" } },
        ],
      },
    });
  });

  it.each([
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["RECITATION", "content_filter"],
    ["OTHER", "stop"],
  ])("that ended with %s has the finish reason %s", (finishReason, expected) => {
    const answer = { candidates: [candidate([{ text: "x" }], finishReason)] };
    const [choice] = choicesOf(geminiChat.mapResponse(answer, callWith({}))?.body);
    expect(choice).toMatchObject({ finish_reason: expected });
  });

  it("to a blocked prompt is a refusal, billed as reported", () => {
    const answer = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 9 } };
    const [choice] = choicesOf(geminiChat.mapResponse(answer, callWith({}))?.body);
    expect(choice).toMatchObject({
      finish_reason: "content_filter",
      message: { refusal: "The prompt was blocked (SAFETY)." },
    });
    expect(readUsage(geminiChat.usage, answer)).toEqual({
      input: 9,
      cachedInput: 0,
      output: 0,
      reasoning: 0,
    });
  });

  it("that is none of this interface is refused, and a missing usage is missing, not zero", () => {
    for (const answer of [{}, [], "x", null, { choices: [] }])
      expect(geminiChat.mapResponse(answer, callWith({}))).toBeNull();
    expect(readUsage(geminiChat.usage, { candidates: [candidate([{ text: "x" }], "STOP")] })).toBeNull();
  });
});

describe("an error", () => {
  it("says what to mend; a wrong key is the operator's to mend", () => {
    const error = (message: string) => [{ error: { code: 400, message, status: "INVALID_ARGUMENT" } }];
    expect(geminiChat.readError(error("Bad field"))).toEqual({ message: "Bad field", isCallers: true });
    expect(geminiChat.readError(error("API key not valid."))).toMatchObject({ isCallers: false });
  });
});

describe("a stream", () => {
  const documents = [
    {
      candidates: [candidate([{ text: "Grüße " }])],
      usageMetadata: { promptTokenCount: 100 },
      responseId: "s",
      modelVersion: "m",
    },
    { candidates: [candidate([{ text: "aus 東京" }])], usageMetadata, responseId: "s" },
    { candidates: [candidate([{ functionCall: { name: "f", args: { a: 1 } } }], "STOP")], usageMetadata },
  ];
  const bytesOf = (parts: readonly object[]) =>
    Buffer.from(parts.map((part) => `data: ${JSON.stringify(part)}\r\n\r\n`).join(""));
  const call = callWith({ stream: true });

  it("is the same in whatever pieces its bytes come", () => {
    const bytes = bytesOf(documents);
    const whole = hear(geminiChat, { call, bytes });
    expect(whole).toMatchObject({ end: "end" });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length }), (readBytes) => {
        expect(hear(geminiChat, { call, bytes, readBytes })).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("becomes chunks: role first, then text, calls, finish reason, the last usage alone, [DONE]", () => {
    const { text } = hear(geminiChat, { call, bytes: bytesOf(documents) });
    const chunks = eventsOf(text);
    expect(chunks).toMatchObject([
      {
        id: "chatcmpl-s",
        object: "chat.completion.chunk",
        model: "m",
        choices: [{ index: 0, delta: { role: "assistant", content: "Grüße " }, finish_reason: null }],
      },
      { choices: [{ delta: { content: "aus 東京" } }] },
      { choices: [{ delta: { tool_calls: [{ index: 0, function: { name: "f", arguments: '{"a":1}' } }] } }] },
      { choices: [{ delta: {}, finish_reason: "tool_calls" }] },
      { choices: [], usage },
    ]);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("that ends before its finish reason has no [DONE], and its usage so far", () => {
    const { text, end } = hear(geminiChat, { call, bytes: bytesOf(documents.slice(0, 2)) });
    expect(end).toBe("end");
    expect(text).not.toContain("[DONE]");
    expect(eventsOf(text).at(-1)).toMatchObject({ usage });
  });

  it("with an event that is broken JSON breaks off, rather than lose a part in silence", () => {
    const bytes = Buffer.concat([bytesOf(documents.slice(0, 1)), Buffer.from('data: {"cand\r\n\r\n')]);
    expect(hear(geminiChat, { call, bytes }).end).toBe("error");
  });

  it("of a blocked prompt is a refusal", () => {
    const { text } = hear(geminiChat, {
      call,
      bytes: bytesOf([{ promptFeedback: { blockReason: "SAFETY" } }]),
    });
    expect(eventsOf(text)).toMatchObject([
      { choices: [{ delta: { refusal: "The prompt was blocked (SAFETY)." } }] },
      { choices: [{ finish_reason: "content_filter" }] },
    ]);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });
});

function choicesOf(body: object | null | undefined): unknown[] {
  return body !== null && body !== undefined && "choices" in body && Array.isArray(body.choices)
    ? body.choices
    : [];
}
