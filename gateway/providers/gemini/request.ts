import { type AdapterCall, type MappedRequest, type Refusal, refusal } from "../adapter.ts";
import { type ChatBody, chatBody } from "./chat-body.ts";
import { conversationOf } from "./contents.ts";
import { generationConfig, given } from "./generation-config.ts";

/** https://ai.google.dev/api/generate-content */
export function geminiRequest(call: AdapterCall): MappedRequest | Refusal {
  const parsed = chatBody.safeParse(call.body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refusal(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const body = parsed.data;
  const conversation = conversationOf(body.messages, call.model);
  if (conversation.kind === "refusal") return conversation;
  const method = body.stream === true ? "streamGenerateContent?alt=sse" : "generateContent";
  return {
    kind: "request",
    path: `/models/${encodeURIComponent(call.model)}:${method}`,
    body: JSON.stringify(
      given({
        contents: conversation.contents,
        systemInstruction: conversation.systemInstruction,
        ...toolFields(body),
        generationConfig: generationConfig(body, call),
        // Vertex takes labels, the Developer API refuses them: so only the stand-in gets them.
        labels: call.isSimulated ? body.metadata : null,
      }),
    ),
  };
}

function toolFields({ tools, tool_choice: choice }: ChatBody): Record<string, unknown> {
  if (tools === null || tools === undefined || tools.length === 0) return {};
  const functionDeclarations = tools.map(({ function: { name, description, parameters } }) =>
    given({ name, description, parametersJsonSchema: parameters }),
  );
  return { tools: [{ functionDeclarations }], toolConfig: toolConfig(choice) };
}

const MODES = { none: "NONE", auto: "AUTO", required: "ANY" } as const;

function toolConfig(choice: ChatBody["tool_choice"]): object | null {
  if (choice === null || choice === undefined) return null;
  const config =
    typeof choice === "string"
      ? { mode: MODES[choice] }
      : { mode: "ANY", allowedFunctionNames: [choice.function.name] };
  return { functionCallingConfig: config };
}
