/** What of a request decides what it can cost. */
export interface RequestFacts {
  /** Bytes of the body without what is inside images. */
  readonly textBytes: number;
  /** Images that ask for low detail, and all others. */
  readonly lowDetailImages: number;
  readonly images: number;
  readonly hasTools: boolean;
  /** The answer is to keep to a JSON schema. */
  readonly wantsJsonSchema: boolean;
  /** The lowest of the body's own limits on the output of one choice; null = it has none. */
  readonly requestedOutputTokens: number | null;
  /** Answers asked for (`n`); 0 where nothing is generated (embeddings). */
  readonly choices: number;
  /**
   * A parameter that makes the cost unbounded or has a price that is not in the catalog (stored context, files, audio,
   * hosted tools, priority tiers), or that is not valid: the gateway must refuse the request. Null = none.
   */
  readonly refusedParam: string | null;
}

/** A parsed body; nothing is taken for granted about its fields. */
export interface ChatRequestBody {
  readonly messages?: unknown;
  readonly input?: unknown;
  readonly tools?: unknown;
  readonly functions?: unknown;
  readonly response_format?: unknown;
  readonly text?: unknown;
  readonly n?: unknown;
  readonly max_tokens?: unknown;
  readonly max_completion_tokens?: unknown;
  readonly max_output_tokens?: unknown;
}

/** Answers of one request. */
export const MAX_CHOICES = 16;

/** Present and not null, they make the cost depend on what is not in the request, or on fees that the price does not hold. */
const REFUSED_PARAMS = [
  "audio",
  "conversation",
  "extra_body",
  "models",
  "plugins",
  "prediction",
  "previous_response_id",
  "prompt",
  "web_search_options",
] as const;

const OUTPUT_LIMITS = ["max_tokens", "max_completion_tokens", "max_output_tokens"] as const;
const SERVICE_TIERS: readonly unknown[] = ["auto", "default", "flex"];
const TEXT_PARTS: readonly unknown[] = ["text", "refusal", "input_text", "output_text"];
const RESPONSE_ITEMS: readonly unknown[] = [
  undefined,
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "reasoning",
];
const TOOL_TYPES: readonly unknown[] = ["function", "custom"];

/**
 * The facts of a body of `/v1/chat/completions` or `/v1/responses`.
 * `bodyBytes` is the length of the JSON text that it was parsed from, uncompressed.
 *
 * Danger: a key that stands twice in an object is parsed as its last value, while a provider may take the first. What goes
 * upstream must be written anew from the parsed body, or be known to have no key twice.
 */
export function factsOf(body: ChatRequestBody, bodyBytes: number): RequestFacts {
  const parts = walkParts(body);
  const limits = OUTPUT_LIMITS.map((name) => body[name]).filter(isGiven);
  const badLimit = OUTPUT_LIMITS.find((name) => isGiven(body[name]) && !isCount(body[name]));
  const choices = body.n ?? 1;
  const validChoices = isCount(choices) && choices <= MAX_CHOICES;
  const hasTools = isFilled(body.tools) || isFilled(body.functions);
  return {
    textBytes: bodyBytes - parts.imageBytes,
    lowDetailImages: parts.lowDetailImages,
    images: parts.images,
    hasTools,
    wantsJsonSchema: fieldOf(body.response_format ?? fieldOf(body.text, "format"), "type") === "json_schema",
    requestedOutputTokens: limits.length === 0 ? null : Math.min(...limits.filter(isCount)),
    choices: validChoices ? choices : MAX_CHOICES,
    refusedParam: badLimit ?? (validChoices ? null : "n") ?? refusedParam(body) ?? parts.refused,
  };
}

/** The facts of a body of `/v1/embeddings`: text, or tokens, each of which is at least a byte long. */
export function embeddingFactsOf(body: { readonly input?: unknown }, bodyBytes: number): RequestFacts {
  const entries = Array.isArray(body.input) ? body.input : [body.input];
  const valid = entries.every((entry) => typeof entry !== "object" || Array.isArray(entry));
  return {
    textBytes: bodyBytes,
    lowDetailImages: 0,
    images: 0,
    hasTools: false,
    wantsJsonSchema: false,
    requestedOutputTokens: null,
    choices: 0,
    refusedParam: valid ? null : "input",
  };
}

function refusedParam(body: object): string | null {
  for (const name of REFUSED_PARAMS) if (isGiven(fieldOf(body, name))) return name;
  const serviceTier = fieldOf(body, "service_tier");
  if (isGiven(serviceTier) && !SERVICE_TIERS.includes(serviceTier)) return "service_tier";
  const modalities = fieldOf(body, "modalities");
  if (isGiven(modalities) && !(Array.isArray(modalities) && modalities.every((name) => name === "text"))) {
    return "modalities";
  }
  const tools = fieldOf(body, "tools");
  if (!isGiven(tools)) return null;
  const bounded = Array.isArray(tools) && tools.every((tool) => TOOL_TYPES.includes(fieldOf(tool, "type")));
  return bounded ? null : "tools";
}

interface Parts {
  imageBytes: number;
  lowDetailImages: number;
  images: number;
  refused: string | null;
}

function walkParts(body: ChatRequestBody): Parts {
  const parts: Parts = { imageBytes: 0, lowDetailImages: 0, images: 0, refused: null };
  if (Array.isArray(body.messages)) {
    for (const message of body.messages) {
      addContent(parts, fieldOf(message, "content"), "messages");
      if (isGiven(fieldOf(message, "audio"))) parts.refused ??= "messages";
    }
  }
  if (Array.isArray(body.input)) {
    for (const item of body.input) {
      if (!RESPONSE_ITEMS.includes(fieldOf(item, "type"))) parts.refused ??= "input";
      addContent(parts, fieldOf(item, "content"), "input");
      addContent(parts, fieldOf(item, "output"), "input");
    }
  }
  return parts;
}

function addContent(parts: Parts, content: unknown, param: string): void {
  if (!Array.isArray(content)) return;
  for (const part of content) {
    const type = fieldOf(part, "type");
    if (type === "image_url" || type === "input_image") addImage(parts, part, param);
    else if (typeof part !== "string" && !TEXT_PARTS.includes(type) && type !== "reasoning_text") {
      parts.refused ??= param;
    }
  }
}

/** `{ image_url: { url, detail } }` in chat, `{ image_url: "...", detail }` in responses. */
function addImage(parts: Parts, part: unknown, param: string): void {
  const image = fieldOf(part, "image_url");
  const url = typeof image === "string" ? image : fieldOf(image, "url");
  if (typeof url !== "string") {
    parts.refused ??= param;
    return;
  }
  const detail = fieldOf(typeof image === "string" ? part : image, "detail");
  if (detail === "low") parts.lowDetailImages += 1;
  else parts.images += 1;
  // The length in UTF-16 units is never above the bytes that the URL took in the body.
  parts.imageBytes += url.length;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}
