import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";
import type {
  ResponsesItem,
  ResponsesRequest,
} from "../../../models/domain/parameters/responses-parameters.ts";
import { type Refusal, refusal } from "../adapter.ts";

export interface ChatAsked {
  readonly kind: "chat";
  readonly body: ChatRequest;
}

type Message = ChatRequest["messages"][number];
type Content = Extract<ResponsesItem, { role: string }>["content"];

/** The chat request that a request of `/v1/responses` comes to. */
export function chatRequestOf(body: ResponsesRequest): ChatAsked | Refusal {
  const messages = messagesOf(body);
  if (messages === null) return unknownToChat("input");
  const tools = toolsOf(body.tools);
  if (tools === null) return unknownToChat("tools");
  const toolChoice = toolChoiceOf(body.tool_choice);
  if (toolChoice === null) return unknownToChat("tool_choice");
  return {
    kind: "chat",
    body: {
      // Of the same name and meaning in both.
      model: body.model,
      stream: body.stream,
      temperature: body.temperature,
      top_p: body.top_p,
      parallel_tool_calls: body.parallel_tool_calls,
      user: body.user,
      safety_identifier: body.safety_identifier,
      metadata: body.metadata,
      prompt_cache_key: body.prompt_cache_key,
      messages,
      tools,
      tool_choice: toolChoice,
      response_format: responseFormat(body.text?.format),
      verbosity: body.text?.verbosity,
      reasoning_effort: body.reasoning?.effort,
    },
  };
}

function unknownToChat(param: string): Refusal {
  return refusal(`${param}: this model is asked by chat, which has no such thing`);
}

/** Null: there is something in it that chat does not have. */
function messagesOf({ input, instructions }: ResponsesRequest): Message[] | null {
  const messages: Message[] =
    instructions === null || instructions === undefined ? [] : [{ role: "system", content: instructions }];
  if (typeof input === "string") return [...messages, { role: "user", content: input }];
  for (const item of input) {
    if ("role" in item) messages.push(messageOf(item.role, contentOf(item.content)));
    else if (item.type === "function_call") addCall(messages, item);
    else if (item.type === "function_call_output") {
      const content = textOf(item.output);
      if (content === null) return null;
      messages.push({ role: "tool", tool_call_id: item.call_id, content });
    } else if (item.type !== "reasoning") return null;
  }
  return messages;
}

type Role = Extract<ResponsesItem, { role: string }>["role"];

function messageOf(role: Role, content: Message["content"]): Message {
  return role === "assistant" ? { role, content } : { role, content };
}

/** Calls that were made together stand in one message, as the answers to them expect. */
function addCall(
  messages: Message[],
  { call_id: id, name, arguments: args }: Extract<ResponsesItem, { type: "function_call" }>,
): void {
  const toolCall = { id, type: "function" as const, function: { name, arguments: args } };
  const last = messages.at(-1);
  if (last?.role === "assistant") last.tool_calls = [...(last.tool_calls ?? []), toolCall];
  else messages.push({ role: "assistant", content: null, tool_calls: [toolCall] });
}

function contentOf(content: Content): Message["content"] {
  if (typeof content === "string") return content;
  return content.map((part) => {
    if (part.type === "refusal") return part;
    if (part.type !== "input_image") return { type: "text", text: part.text };
    const { image_url: url, detail } = part;
    return {
      type: "image_url",
      image_url: detail === null || detail === undefined ? { url } : { url, detail },
    };
  });
}

/** Null: it is more than text. */
function textOf(output: Content): string | null {
  if (typeof output === "string") return output;
  let text = "";
  for (const part of output) {
    if (part.type === "refusal" || part.type === "input_image") return null;
    text += part.text;
  }
  return text;
}

function toolsOf(tools: ResponsesRequest["tools"]): ChatRequest["tools"] | null {
  if (tools === null || tools === undefined) return undefined;
  const declared: NonNullable<ChatRequest["tools"]> = [];
  for (const { type, ...rest } of tools) {
    if (type === "custom") return null;
    declared.push({ type, function: rest });
  }
  return declared;
}

function toolChoiceOf(choice: ResponsesRequest["tool_choice"]): ChatRequest["tool_choice"] | null {
  if (choice === null || choice === undefined || typeof choice === "string") return choice ?? undefined;
  return choice.type === "function" ? { type: "function", function: { name: choice.name } } : null;
}

function responseFormat(
  format: NonNullable<ResponsesRequest["text"]>["format"],
): ChatRequest["response_format"] {
  if (format === null || format === undefined || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json_object" };
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}
