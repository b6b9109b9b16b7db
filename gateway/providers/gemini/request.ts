import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";
import { handlingBy } from "../../../models/domain/parameters/request-parameters.ts";
import { type AdapterCall, type MappedRequest, type Refusal, refusal } from "../adapter.ts";
import { copyParameters } from "../copy-parameters.ts";
import { conversationOf } from "./contents.ts";
import { generationConfig, given } from "./generation-config.ts";

/** Nothing goes by its own name: what the table has for Gemini is mapped below, and what remains is refused or left out. */
const HANDLING = new Map(
  [...handlingBy("gemini", "chat")].map(([name, how]) => [name, how === "sent" ? "dropped" : how] as const),
);

/** https://ai.google.dev/api/generate-content */
export function geminiRequest(call: AdapterCall<ChatRequest>): MappedRequest | Refusal {
  const { body } = call;
  const copied = copyParameters(call, HANDLING);
  if (copied.kind === "refusal") return copied;
  const conversation = conversationOf(body.messages, call.model);
  if (conversation.kind === "refusal") return conversation;
  const tools = toolFields(body);
  if ("kind" in tools) return tools;
  const method = body.stream === true ? "streamGenerateContent?alt=sse" : "generateContent";
  const { fields, extraParameters } = copied;
  return {
    kind: "request",
    path: `/models/${encodeURIComponent(call.model)}:${method}`,
    imageBytes: conversation.imageBytes,
    extraParameters,
    body: JSON.stringify(
      given({
        ...fields,
        contents: conversation.contents,
        systemInstruction: conversation.systemInstruction,
        ...tools,
        generationConfig: generationConfig(body, call),
        // Vertex takes labels, the Developer API refuses them: so only the stand-in gets them.
        labels: call.isSimulated ? body.metadata : null,
      }),
    ),
  };
}

interface ToolFields {
  readonly tools?: readonly object[];
  readonly toolConfig?: object | null;
}

function toolFields({ tools, tool_choice: choice }: ChatRequest): ToolFields | Refusal {
  if (tools === null || tools === undefined || tools.length === 0) return {};
  const functionDeclarations: object[] = [];
  for (const tool of tools) {
    if (tool.type === "custom") return refusal("tools: this model takes functions alone");
    const { name, description, parameters } = tool.function;
    functionDeclarations.push(given({ name, description, parametersJsonSchema: parameters }));
  }
  const config = toolConfig(choice);
  if (config === null) return refusal("tool_choice: this model takes functions alone");
  return { tools: [{ functionDeclarations }], ...config };
}

const MODES = { none: "NONE", auto: "AUTO", required: "ANY" } as const;

/** Null: it names something other than a function. */
function toolConfig(choice: ChatRequest["tool_choice"]): ToolFields | null {
  if (choice === null || choice === undefined) return {};
  if (typeof choice === "string") return functionCalling({ mode: MODES[choice] });
  switch (choice.type) {
    case "function":
      return functionCalling({ mode: "ANY", allowedFunctionNames: [choice.function.name] });
    case "custom":
      return null;
    case "allowed_tools": {
      const { mode, tools } = choice.allowed_tools;
      // Gemini knows allowed functions where one must be called.
      if (mode === "auto") return null;
      return functionCalling({ mode: "ANY", allowedFunctionNames: tools.map((each) => each.function.name) });
    }
  }
}

function functionCalling(functionCallingConfig: object): ToolFields {
  return { toolConfig: { functionCallingConfig } };
}
