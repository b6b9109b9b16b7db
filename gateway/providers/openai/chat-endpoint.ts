import type { AdapterName } from "../../../models/domain/catalog.ts";
import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";
import { type Handling, handlingBy } from "../../../models/domain/parameters/request-parameters.ts";
import { chatQuality } from "../../quality/chat-quality.ts";
import type { AdapterCall, ChatAdapter, MappedRequest, Refusal } from "../adapter.ts";
import { copyParameters } from "../copy-parameters.ts";
import { passAnswer } from "./answer.ts";
import { CHAT_READING } from "./chat-reading.ts";
import { readOpenAiError } from "./error-message.ts";
import { imposeAccount } from "./impose-account.ts";
import { CHAT_USAGE } from "./usage.ts";

/** Chat in OpenAI's form, of which each adapter has its part: answers come back as they were sent. */
export function openAiChat(adapter: Exclude<AdapterName, "gemini">): ChatAdapter {
  const handling = handlingBy(adapter, "chat");
  return {
    mapRequest: (call) => chatRequest(call, { adapter, handling }),
    mapResponse: passAnswer,
    mapStream: () => null,
    reading: CHAT_READING,
    usage: CHAT_USAGE,
    quality: chatQuality,
    readError: readOpenAiError,
  };
}

interface Dialect {
  readonly adapter: AdapterName;
  readonly handling: ReadonlyMap<string, Handling>;
}

function chatRequest(
  call: AdapterCall<ChatRequest>,
  { adapter, handling }: Dialect,
): MappedRequest | Refusal {
  const { body, model, maxOutputTokens, outputLimitParameter, imageBytes, isSimulated } = call;
  const copied = copyParameters(call, handling);
  if (copied.kind === "refusal") return copied;
  const { fields, extraParameters } = copied;
  fields.model = model;
  // A server of somebody else's may need a model's thoughts back; OpenAI refuses what it does not know in a message.
  if (adapter !== "openai-compatible") fields.messages = withoutExtras(body.messages);
  fields[outputLimitParameter] = maxOutputTokens;
  if (body.stream === true) fields.stream_options = streamOptions(body, adapter);
  if (adapter === "openai") imposeAccount(fields, body);
  if (isSimulated && body.metadata) fields.metadata = body.metadata;
  return {
    kind: "request",
    path: "/chat/completions",
    body: JSON.stringify(fields),
    imageBytes,
    extraParameters,
  };
}

/** `include_obfuscation: false` makes a stream shorter. */
function streamOptions({ stream_options: given }: ChatRequest, adapter: AdapterName): object {
  return adapter === "openai" && given?.include_obfuscation === false
    ? { include_usage: true, include_obfuscation: false }
    : { include_usage: true };
}

type Message = ChatRequest["messages"][number];

/** The messages without what other providers than OpenAI put into their answers; the same ones where there is nothing of the kind. */
function withoutExtras(messages: readonly Message[]): readonly Message[] {
  return messages.some(hasExtras) ? messages.map(plainMessage) : messages;
}

function hasExtras(message: Message): boolean {
  if (message.role !== "assistant") return false;
  return (
    message.reasoning_content !== undefined ||
    (message.tool_calls?.some((made) => made.type !== "custom" && made.extra_content !== undefined) ?? false)
  );
}

function plainMessage(message: Message): Message {
  if (message.role !== "assistant" || !hasExtras(message)) return message;
  const { reasoning_content: _thoughts, tool_calls: calls, ...rest } = message;
  if (calls === null || calls === undefined) return rest;
  return {
    ...rest,
    tool_calls: calls.map((made) => {
      if (made.type === "custom") return made;
      const { extra_content: _signature, ...plain } = made;
      return plain;
    }),
  };
}
