import type { AdapterName } from "../../../models/domain/catalog.ts";
import type { Line } from "./prices.ts";

/**
 * What providers report, written by hand from their documented shapes. `p`: the prompt, of which `c` was cached, `w` written into the
 * cache and `x` something else; `o`: the answer, of which `r` was reasoning.
 */
interface Numbers {
  readonly p: number;
  readonly c: number;
  readonly w: number;
  readonly x: number;
  readonly o: number;
  readonly r: number;
}

export interface Shape {
  readonly name: string;
  readonly adapter: AdapterName;
  readonly endpoint: "chat" | "responses" | "embeddings";
  readonly usage: (n: Numbers) => object;
  /** What the provider charges for it, and how long it counts the prompt. */
  readonly charged: (n: Numbers) => { readonly lines: readonly Line[]; readonly prompt: number };
}

export const NUMBERS: readonly Numbers[] = [
  { p: 1, c: 0, w: 0, x: 0, o: 1, r: 0 },
  { p: 20, c: 0, w: 0, x: 0, o: 10, r: 0 },
  { p: 1_000, c: 400, w: 0, x: 0, o: 500, r: 100 },
  { p: 1_000, c: 1_000, w: 0, x: 0, o: 3, r: 3 },
  { p: 5_000, c: 1_024, w: 2_048, x: 128, o: 700, r: 699 },
  { p: 199_999, c: 100_000, w: 50_000, x: 49_999, o: 8_000, r: 4_000 },
  { p: 200_000, c: 0, w: 100_000, x: 0, o: 1, r: 0 },
  { p: 200_001, c: 199_000, w: 1, x: 1, o: 64_000, r: 60_000 },
  { p: 1_000_000, c: 1, w: 500_000, x: 2, o: 65_536, r: 65_536 },
  { p: 37, c: 5, w: 13, x: 17, o: 11, r: 7 },
  { p: 250_000, c: 0, w: 0, x: 250_000, o: 12, r: 12 },
  { p: 2_048, c: 1_920, w: 0, x: 0, o: 0, r: 0 },
];

const plain = ({ p, o }: Numbers) => ({
  lines: [
    [p, "input"],
    [o, "output"],
  ] as Line[],
  prompt: p,
});
const cached = ({ p, c, o }: Numbers) => ({
  lines: [
    [p - c, "input"],
    [c, "cached"],
    [o, "output"],
  ] as Line[],
  prompt: p,
});
const reasoned = ({ p, c, o, r }: Numbers) => ({
  lines: [
    [p - c, "input"],
    [c, "cached"],
    [o - r, "output"],
    [r, "reasoning"],
  ] as Line[],
  prompt: p,
});
/** Reasoning beside the answer. */
const beside = ({ p, c, o, r }: Numbers) => ({
  lines: [
    [p - c, "input"],
    [c, "cached"],
    [o, "output"],
    [r, "reasoning"],
  ] as Line[],
  prompt: p,
});
const chat = (name: string, usage: Shape["usage"], charged: Shape["charged"]): Shape => ({
  name,
  adapter: "openai-compatible",
  endpoint: "chat",
  usage,
  charged,
});

const openAiUsage = ({ p, c, o, r }: Numbers) => ({
  prompt_tokens: p,
  completion_tokens: o,
  total_tokens: p + o,
  prompt_tokens_details: { cached_tokens: c, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: r,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});
const anthropicUsage = ({ p, c, w, o }: Numbers) => ({
  input_tokens: p,
  cache_creation_input_tokens: w,
  cache_read_input_tokens: c,
  output_tokens: o,
  service_tier: "standard",
});
const responsesUsage = ({ p, c, o, r }: Numbers) => ({
  input_tokens: p,
  input_tokens_details: { cached_tokens: c },
  output_tokens: o,
  output_tokens_details: { reasoning_tokens: r },
  total_tokens: p + o,
});
const geminiUsage = ({ p, c, o, r }: Numbers) => ({
  promptTokenCount: p,
  ...(c === 0 ? {} : { cachedContentTokenCount: c }),
  ...(o === 0 ? {} : { candidatesTokenCount: o }),
  ...(r === 0 ? {} : { thoughtsTokenCount: r }),
  totalTokenCount: p + o + r,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: p }],
});
const gemini = (name: string, usage: Shape["usage"], charged: Shape["charged"]): Shape => ({
  name,
  adapter: "gemini",
  endpoint: "chat",
  usage,
  charged,
});
const perplexity = (name: string, usage: Shape["usage"], charged: Shape["charged"]): Shape => ({
  name,
  adapter: "perplexity",
  endpoint: "chat",
  usage,
  charged,
});

export const SHAPES: readonly Shape[] = [
  { ...chat("OpenAI's chat", openAiUsage, reasoned), adapter: "openai" },
  {
    ...chat(
      "OpenAI's chat that writes into its cache",
      (n) => ({ ...openAiUsage(n), prompt_tokens_details: { cached_tokens: n.c, cache_write_tokens: n.w } }),
      ({ p, c, w, o, r }) => ({
        lines: [
          [p - c - w, "input"],
          [c, "cached"],
          [w, "write"],
          [o - r, "output"],
          [r, "reasoning"],
        ],
        prompt: p,
      }),
    ),
    adapter: "openai",
  },
  {
    ...chat(
      "OpenAI's chat with sound",
      (n) => ({
        ...openAiUsage(n),
        prompt_tokens_details: { cached_tokens: n.c, audio_tokens: n.x },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: n.r },
      }),
      ({ p, c, x, o, r }) => ({
        lines: [
          [p - c - x, "input"],
          [c, "cached"],
          [x, "audioIn"],
          [o - r, "output"],
          [r, "audioOut"],
        ],
        prompt: p,
      }),
    ),
    adapter: "openai",
  },
  chat(
    "a server without details",
    ({ p, o }) => ({ prompt_tokens: p, completion_tokens: o, total_tokens: p + o }),
    plain,
  ),
  chat("Together, without a total", ({ p, o }) => ({ prompt_tokens: p, completion_tokens: o }), plain),
  chat(
    "vLLM, with details that are null",
    ({ p, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      prompt_tokens_details: null,
      completion_tokens_details: null,
    }),
    plain,
  ),
  chat(
    "a server that leaves counts null",
    ({ p, c, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: null,
      prompt_tokens_details: { cached_tokens: c, audio_tokens: null },
      completion_tokens_details: { reasoning_tokens: null },
    }),
    cached,
  ),
  chat(
    "a server that tells the prompt and the total alone",
    ({ p, o }) => ({ prompt_tokens: p, total_tokens: p + o }),
    plain,
  ),
  chat(
    "DeepSeek",
    ({ p, c, o, r }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      prompt_cache_hit_tokens: c,
      prompt_cache_miss_tokens: p - c,
      prompt_tokens_details: { cached_tokens: c },
      completion_tokens_details: { reasoning_tokens: r },
    }),
    reasoned,
  ),
  chat(
    "DeepSeek of before, without details",
    ({ p, c, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      prompt_cache_hit_tokens: c,
      prompt_cache_miss_tokens: p - c,
    }),
    cached,
  ),
  chat(
    "Moonshot",
    ({ p, c, o }) => ({ prompt_tokens: p, completion_tokens: o, total_tokens: p + o, cached_tokens: c }),
    cached,
  ),
  chat(
    "xAI, whose reasoning stands beside the completion",
    ({ p, c, o, r }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o + r,
      prompt_tokens_details: { text_tokens: p, audio_tokens: 0, image_tokens: 0, cached_tokens: c },
      completion_tokens_details: { reasoning_tokens: r, audio_tokens: 0 },
      num_sources_used: 0,
    }),
    beside,
  ),
  chat(
    "xAI with tools of its own",
    ({ p, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      server_side_tool_usage_details: {
        web_search_calls: 3,
        x_search_calls: 2,
        code_interpreter_calls: 1,
        file_search_calls: 4,
      },
    }),
    ({ p, o }) => ({
      lines: [
        [p, "input"],
        [o, "output"],
        [5, "webSearch"],
        [1, "execution"],
        [4, "fileSearch"],
      ],
      prompt: p,
    }),
  ),
  chat(
    "Groq, with its times",
    ({ p, c, o, r }) => ({
      queue_time: 0.0372,
      prompt_tokens: p,
      prompt_time: 0.0012,
      completion_tokens: o,
      completion_time: 0.46,
      total_tokens: p + o,
      total_time: 0.4612,
      prompt_tokens_details: { cached_tokens: c },
      completion_tokens_details: { reasoning_tokens: r },
    }),
    reasoned,
  ),
  chat(
    "Mistral",
    ({ p, o }) => ({
      prompt_tokens: p,
      total_tokens: p + o,
      completion_tokens: o,
      prompt_audio_seconds: null,
    }),
    plain,
  ),
  chat(
    "OpenRouter, with writes, pictures and its own cost",
    ({ p, c, w, o, r }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      cost: 0.0123,
      is_byok: false,
      prompt_tokens_details: { cached_tokens: c, cache_write_tokens: w, audio_tokens: 0, video_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, image_tokens: r },
      cost_details: { upstream_inference_cost: null },
    }),
    ({ p, c, w, o, r }) => ({
      lines: [
        [p - c - w, "input"],
        [c, "cached"],
        [w, "write"],
        [o - r, "output"],
        [r, "imageOut"],
      ],
      prompt: p,
    }),
  ),
  chat(
    "OpenRouter that has searched",
    ({ p, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      server_tool_use: { web_search_requests: 7 },
    }),
    ({ p, o }) => ({
      lines: [
        [p, "input"],
        [o, "output"],
        [7, "webSearch"],
      ],
      prompt: p,
    }),
  ),
  chat(
    "LiteLLM before Anthropic",
    ({ p, c, w, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      prompt_tokens_details: { cached_tokens: c, cache_creation_tokens: w },
      cache_read_input_tokens: c,
      cache_creation_input_tokens: w,
    }),
    ({ p, c, w, o }) => ({
      lines: [
        [p - c - w, "input"],
        [c, "cached"],
        [w, "write"],
        [o, "output"],
      ],
      prompt: p,
    }),
  ),
  chat("Anthropic's own, whose cache stands beside the input", anthropicUsage, ({ p, c, w, o }) => ({
    lines: [
      [p, "input"],
      [c, "cached"],
      [w, "write"],
      [o, "output"],
    ],
    prompt: p + c + w,
  })),
  chat(
    "Anthropic's own with an hour's cache and searches",
    (n) => ({
      ...anthropicUsage(n),
      cache_creation_input_tokens: n.w + n.x,
      cache_creation: { ephemeral_5m_input_tokens: n.w, ephemeral_1h_input_tokens: n.x },
      server_tool_use: { web_search_requests: 2 },
    }),
    ({ p, c, w, x, o }) => ({
      lines: [
        [p, "input"],
        [c, "cached"],
        [w, "write"],
        [x, "writeHour"],
        [o, "output"],
        [2, "webSearch"],
      ],
      prompt: p + c + w + x,
    }),
  ),
  chat(
    "Gemini behind OpenAI's interface, whose thoughts show in the total alone",
    ({ p, o, r }) => ({ prompt_tokens: p, completion_tokens: o, total_tokens: p + o + r }),
    ({ p, o, r }) => ({
      lines: [
        [p, "input"],
        [o, "output"],
        [r, "reasoning"],
      ],
      prompt: p,
    }),
  ),
  chat(
    "a server whose total is too small",
    ({ p, o }) => ({ prompt_tokens: p, completion_tokens: o, total_tokens: 1 }),
    plain,
  ),
  chat(
    "a server that has cached more than there was",
    ({ p, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      prompt_tokens_details: { cached_tokens: p + 9 },
    }),
    ({ p, o }) => ({
      lines: [
        [p, "input"],
        [p + 9, "cached"],
        [o, "output"],
      ],
      prompt: p + p + 9,
    }),
  ),
  chat(
    "a server that has thought more than it said",
    ({ p, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      completion_tokens_details: { reasoning_tokens: o + 9 },
    }),
    ({ p, o }) => ({
      lines: [
        [p, "input"],
        [o, "output"],
        [o + 9, "reasoning"],
      ],
      prompt: p,
    }),
  ),
  { ...chat("OpenAI's responses", responsesUsage, reasoned), adapter: "openai", endpoint: "responses" },
  {
    ...chat(
      "OpenAI's responses that write into the cache",
      (n) => ({
        ...responsesUsage(n),
        input_tokens_details: { cached_tokens: n.c, cache_write_tokens: n.w },
      }),
      ({ p, c, w, o, r }) => ({
        lines: [
          [p - c - w, "input"],
          [c, "cached"],
          [w, "write"],
          [o - r, "output"],
          [r, "reasoning"],
        ],
        prompt: p,
      }),
    ),
    adapter: "openai",
    endpoint: "responses",
  },
  { ...chat("a response over a compatible server's chat", openAiUsage, reasoned), endpoint: "responses" },
  { ...gemini("a response over Gemini", geminiUsage, beside), endpoint: "responses" },
  {
    ...chat(
      "OpenAI's embeddings",
      ({ p }) => ({ prompt_tokens: p, total_tokens: p }),
      ({ p }) => ({ lines: [[p, "input"]], prompt: p }),
    ),
    adapter: "openai",
    endpoint: "embeddings",
  },
  gemini("Gemini", geminiUsage, beside),
  gemini(
    "Gemini with tools' results",
    (n) => ({ ...geminiUsage(n), toolUsePromptTokenCount: n.x, totalTokenCount: n.p + n.x + n.o + n.r }),
    ({ p, c, x, o, r }) => ({
      lines: [
        [p + x - c, "input"],
        [c, "cached"],
        [o, "output"],
        [r, "reasoning"],
      ],
      prompt: p + x,
    }),
  ),
  gemini(
    "Gemini with sound",
    (n) => ({
      ...geminiUsage({ ...n, c: 0 }),
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: n.p - n.x },
        { modality: "AUDIO", tokenCount: n.x },
      ],
    }),
    ({ p, x, o, r }) => ({
      lines: [
        [p - x, "input"],
        [x, "audioIn"],
        [o, "output"],
        [r, "reasoning"],
      ],
      prompt: p,
    }),
  ),
  gemini(
    "Gemini with sound out of its cache",
    (n) => ({
      ...geminiUsage({ ...n, c: n.x }),
      promptTokensDetails: [
        { modality: "AUDIO", tokenCount: n.x },
        { modality: "TEXT", tokenCount: n.p - n.x },
      ],
      cacheTokensDetails: [{ modality: "AUDIO", tokenCount: n.x }],
    }),
    ({ p, x, o, r }) => ({
      lines: [
        [p - x, "input"],
        [x, "cachedAudio"],
        [o, "output"],
        [r, "reasoning"],
      ],
      prompt: p,
    }),
  ),
  gemini(
    "Gemini with a film, answering with pictures",
    (n) => ({
      ...geminiUsage({ ...n, c: 0, r: 0 }),
      promptTokensDetails: [{ modality: "VIDEO", tokenCount: n.x }],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: n.r }],
    }),
    ({ p, x, o, r }) => ({
      lines: [
        [p - x, "input"],
        [x, "videoIn"],
        [o - r, "output"],
        [r, "imageOut"],
      ],
      prompt: p,
    }),
  ),
  gemini(
    "Gemini whose total says more than its parts",
    ({ p, o, r }) => ({ promptTokenCount: p, candidatesTokenCount: o, totalTokenCount: p + o + r }),
    ({ p, o, r }) => ({
      lines: [
        [p, "input"],
        [o, "output"],
        [r, "reasoning"],
      ],
      prompt: p,
    }),
  ),
  perplexity(
    "Perplexity",
    ({ p, o }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      search_context_size: "low",
      cost: { input_tokens_cost: 0.001, output_tokens_cost: 0.002, request_cost: 0.005, total_cost: 0.008 },
    }),
    plain,
  ),
  perplexity(
    "Perplexity's deep research",
    ({ p, x, o, r }) => ({
      prompt_tokens: p,
      completion_tokens: o,
      total_tokens: p + o,
      citation_tokens: x,
      num_search_queries: 18,
      reasoning_tokens: r,
    }),
    ({ p, x, o, r }) => ({
      lines: [
        [p, "input"],
        [x, "citation"],
        [o, "output"],
        [r, "reasoning"],
        [18, "webSearch"],
      ],
      prompt: p + x,
    }),
  ),
];

/** They make no sense, so that nobody can say what they cost. */
export const SENSELESS: readonly (readonly [adapter: AdapterName, usage: unknown])[] = [
  ["openai", null],
  ["openai", []],
  ["openai", {}],
  ["openai", "10"],
  ["openai", 10],
  ["openai", { prompt_tokens: 10 }],
  ["openai", { completion_tokens: 10 }],
  ["openai", { prompt_tokens: null, completion_tokens: 10 }],
  ["openai", { prompt_tokens: 10, completion_tokens: null }],
  ["openai", { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
  ["openai", { prompt_tokens: -10, completion_tokens: 10 }],
  ["openai", { prompt_tokens: 10, completion_tokens: -1 }],
  ["openai", { prompt_tokens: 10.5, completion_tokens: 10 }],
  ["openai", { prompt_tokens: "10", completion_tokens: "10" }],
  ["openai", { prompt_tokens: 10, completion_tokens: 1e300 }],
  ["openai", { prompt_tokens: 10, completion_tokens: true }],
  ["openai", { prompt_tokens: 10, total_tokens: 5 }],
  ["openai", { prompt_tokens: 10, completion_tokens: 10, prompt_tokens_details: { cached_tokens: -5 } }],
  ["openai", { prompt_tokens: 10, completion_tokens: 10, prompt_tokens_details: "none" }],
  [
    "openai",
    { prompt_tokens: 10, completion_tokens: 10, completion_tokens_details: { reasoning_tokens: 0.5 } },
  ],
  ["openai-compatible", { total_tokens: 30 }],
  ["openai-compatible", { input: 10, output: 20 }],
  ["openai-compatible", { cache_read_input_tokens: 10 }],
  ["perplexity", { prompt_tokens: 10, completion_tokens: 10, citation_tokens: -1 }],
  ["perplexity", { prompt_tokens: 10, completion_tokens: 10, reasoning_tokens: "many" }],
  ["gemini", {}],
  ["gemini", null],
  ["gemini", { promptTokenCount: 0 }],
  ["gemini", { promptTokenCount: -1, candidatesTokenCount: 5 }],
  ["gemini", { promptTokenCount: 1.5, candidatesTokenCount: 5 }],
  ["gemini", { promptTokenCount: "12" }],
  ["gemini", { promptTokenCount: 10, promptTokensDetails: "TEXT" }],
];
