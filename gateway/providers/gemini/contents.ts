import { InvalidJsonError, parseJson } from "../../../models/domain/json.ts";
import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";
import { type Refusal, refusal } from "../adapter.ts";

type Message = ChatRequest["messages"][number];
type Content = Message["content"];

export interface GeminiContent {
  readonly role: "user" | "model";
  readonly parts: readonly object[];
}

export interface Conversation {
  readonly kind: "conversation";
  /** Null: there is none. */
  readonly systemInstruction: { readonly parts: readonly object[] } | null;
  readonly contents: readonly GeminiContent[];
  /** Characters of what is inside images. */
  readonly imageBytes: number;
}

/**
 * Gemini's `contents`: roles `user` and `model` in turn (what follows itself is joined), system messages apart, a tool's result as
 * a part of the user's turn with the name of the function that was called.
 */
export function conversationOf(messages: readonly Message[], model: string): Conversation | Refusal {
  const names = toolNames(messages);
  const system: object[] = [];
  const contents: { role: "user" | "model"; parts: object[] }[] = [];
  let imageBytes = 0;
  for (const message of messages) {
    const parts = partsOfMessage(message, { names, model });
    if ("kind" in parts) return parts;
    imageBytes += parts.imageBytes;
    if (message.role === "system" || message.role === "developer") system.push(...parts.all);
    else {
      const role = message.role === "assistant" ? "model" : "user";
      const last = contents.at(-1);
      if (last?.role === role) last.parts.push(...parts.all);
      else if (parts.all.length > 0) contents.push({ role, parts: [...parts.all] });
    }
  }
  // Instructions alone are a question, too.
  if (contents.length === 0) return asQuestion(system, imageBytes);
  return {
    kind: "conversation",
    systemInstruction: system.length === 0 ? null : { parts: system },
    contents,
    imageBytes,
  };
}

function asQuestion(parts: readonly object[], imageBytes: number): Conversation | Refusal {
  if (parts.length === 0) return refusal("messages: there is nothing to answer");
  return { kind: "conversation", systemInstruction: null, contents: [{ role: "user", parts }], imageBytes };
}

interface Parts {
  readonly all: readonly object[];
  readonly imageBytes: number;
}

function partsOfMessage(
  message: Message,
  { names, model }: { readonly names: ReadonlyMap<string, string>; readonly model: string },
): Parts | Refusal {
  if (message.role === "function")
    return refusal("messages: this model takes results of tools, and none of the old functions");
  if (message.role === "tool") {
    const name = names.get(message.tool_call_id);
    if (name === undefined) return refusal(`messages: no tool call has the id "${message.tool_call_id}"`);
    const response = toolResult(textOf(message.content));
    return { all: [{ functionResponse: { name, response } }], imageBytes: 0 };
  }
  const parts = contentParts(message.content);
  if ("kind" in parts || message.role !== "assistant") return parts;
  const calls: object[] = [];
  if (message.function_call)
    return refusal("messages: this model takes calls of tools, and none of the old functions");
  for (const [at, call] of (message.tool_calls ?? []).entries()) {
    if (call.type === "custom") return refusal("messages: this model takes calls of functions alone");
    const args = objectIn(call.function.arguments || "{}");
    if (args === null) return refusal("messages: the arguments of a tool call are no JSON object");
    const signature = call.extra_content?.google?.thought_signature ?? stand(model, at);
    calls.push({
      functionCall: { name: call.function.name, args },
      ...(signature === null ? {} : { thoughtSignature: signature }),
    });
  }
  return { all: [...parts.all, ...calls], imageBytes: parts.imageBytes };
}

/**
 * Models from Gemini 3 on refuse a call of theirs that comes back without its signature, which most clients lose; this value says
 * that it is missing (https://ai.google.dev/gemini-api/docs/thought-signatures). Only the first call of a turn has one.
 */
function stand(model: string, at: number): string | null {
  return at === 0 && /^gemini-(?:[3-9]|\d\d)/.test(model) ? "skip_thought_signature_validator" : null;
}

function toolNames(messages: readonly Message[]): ReadonlyMap<string, string> {
  return new Map(
    messages.flatMap((message) =>
      message.role === "assistant"
        ? (message.tool_calls ?? []).flatMap((call) =>
            call.type === "custom" ? [] : [[call.id, call.function.name] as const],
          )
        : [],
    ),
  );
}

function contentParts(content: Content): Parts | Refusal {
  if (content === null || content === undefined || content === "") return NO_PARTS;
  if (typeof content === "string") return { all: [{ text: content }], imageBytes: 0 };
  const all: object[] = [];
  let imageBytes = 0;
  for (const part of content) {
    if (part.type === "text") all.push({ text: part.text });
    else if (part.type === "refusal") all.push({ text: part.refusal });
    else {
      const { image_url: image } = part;
      const found = inlineImage(typeof image === "string" ? image : image.url);
      if (found === null)
        return refusal("messages: an image must be a data URL (data:image/png;base64,...) for this model");
      all.push(found);
      imageBytes += found.inlineData.data.length;
    }
  }
  return { all, imageBytes };
}

const NO_PARTS: Parts = { all: [], imageBytes: 0 };

/**
 * Bytes of an image only: what a URL points to may be a video or a document, whose cost has no bound, and the gateway fetches
 * nothing that a caller names.
 */
function inlineImage(
  url: string,
): { readonly inlineData: { readonly mimeType: string; readonly data: string } } | null {
  const [, mimeType, data] = /^data:(image\/[a-z0-9.+-]+);base64,(.+)$/is.exec(url) ?? [];
  return mimeType === undefined || data === undefined ? null : { inlineData: { mimeType, data } };
}

function textOf(content: Content): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Gemini wants an object; `output` is the key that it knows. */
function toolResult(text: string): object {
  return objectIn(text) ?? { output: text };
}

function objectIn(text: string): object | null {
  try {
    const parsed: unknown = parseJson(text);
    return typeof parsed === "object" && !Array.isArray(parsed) ? parsed : null;
  } catch (error) {
    if (error instanceof InvalidJsonError) return null;
    throw error;
  }
}
