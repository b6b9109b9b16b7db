import { z } from "zod";

const part = z.strictObject({
  text: z.string().optional(),
  inlineData: z.strictObject({ mimeType: z.string(), data: z.string() }).optional(),
  functionCall: z.strictObject({ name: z.string(), args: z.record(z.string(), z.unknown()) }).optional(),
  functionResponse: z
    .strictObject({ name: z.string(), response: z.record(z.string(), z.unknown()) })
    .optional(),
  thoughtSignature: z.string().optional(),
});
type Part = z.infer<typeof part>;

const schema = z.record(z.string(), z.unknown());
const limit = z.number().int().min(1);

/** As strict as Google: an unknown field is refused. `labels` steer the simulation, as OpenAI's `metadata` do. */
export const geminiRequest = z.strictObject({
  contents: z.array(z.strictObject({ role: z.enum(["user", "model"]), parts: z.array(part).min(1) })).min(1),
  systemInstruction: z.strictObject({ parts: z.array(part).min(1) }).optional(),
  tools: z
    .array(
      z.strictObject({
        functionDeclarations: z.array(
          z.strictObject({
            name: z.string(),
            description: z.string().optional(),
            parametersJsonSchema: schema.optional(),
          }),
        ),
      }),
    )
    .optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({
        mode: z.enum(["NONE", "AUTO", "ANY"]),
        allowedFunctionNames: z.array(z.string()).optional(),
      }),
    })
    .optional(),
  generationConfig: z
    .strictObject({
      maxOutputTokens: limit.optional(),
      candidateCount: limit.max(8).optional(),
      temperature: z.number().optional(),
      topP: z.number().optional(),
      topK: z.number().optional(),
      seed: z.number().int().optional(),
      presencePenalty: z.number().optional(),
      frequencyPenalty: z.number().optional(),
      responseLogprobs: z.boolean().optional(),
      logprobs: z.number().int().optional(),
      stopSequences: z.array(z.string()).max(5).optional(),
      thinkingConfig: z
        .strictObject({ thinkingBudget: z.number().int().optional(), thinkingLevel: z.string().optional() })
        .optional(),
      responseMimeType: z.string().optional(),
      responseJsonSchema: schema.optional(),
    })
    .prefault({}),
  labels: z.record(z.string(), z.string()).optional(),
});
export type GeminiRequest = z.infer<typeof geminiRequest>;

/** The chat request that it comes to. */
export function chatDocument(
  request: GeminiRequest,
  { model, stream }: { readonly model: string; readonly stream: boolean },
): object {
  const { systemInstruction, contents, generationConfig: config } = request;
  const messages = contents.map(({ role, parts }) => ({
    role: role === "model" ? "assistant" : "user",
    content: parts.map(chatPart),
  }));
  return {
    model,
    stream,
    stream_options: { include_usage: true },
    messages: [
      ...(systemInstruction === undefined
        ? []
        : [{ role: "system", content: systemInstruction.parts.map(chatPart) }]),
      ...messages,
    ],
    n: config.candidateCount,
    max_completion_tokens: config.maxOutputTokens,
    tools: (request.tools ?? []).flatMap(({ functionDeclarations }) =>
      functionDeclarations.map(({ name, parametersJsonSchema: parameters }) => ({
        type: "function",
        function: { name, parameters },
      })),
    ),
    tool_choice: toolChoice(request.toolConfig?.functionCallingConfig),
    response_format: responseFormat(config),
    metadata: request.labels,
  };
}

function chatPart(part: Part): object {
  if (part.inlineData !== undefined) return { type: "image_url" };
  return { type: "text", text: part.text ?? JSON.stringify(part.functionCall ?? part.functionResponse) };
}

function toolChoice(
  config: NonNullable<GeminiRequest["toolConfig"]>["functionCallingConfig"] | undefined,
): unknown {
  if (config?.mode !== "ANY") return config?.mode.toLowerCase();
  const [name] = config.allowedFunctionNames ?? [];
  return name === undefined ? "required" : { type: "function", function: { name } };
}

function responseFormat({
  responseMimeType,
  responseJsonSchema: schema,
}: GeminiRequest["generationConfig"]): object | undefined {
  if (responseMimeType !== "application/json") return undefined;
  return schema === undefined
    ? { type: "json_object" }
    : { type: "json_schema", json_schema: { name: "answer", schema } };
}
