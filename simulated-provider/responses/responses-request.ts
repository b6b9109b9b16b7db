import { z } from "zod";

const schema = z.record(z.string(), z.unknown());
const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const item = z.looseObject({
  type: z.string().optional(),
  role: z.enum(["system", "developer", "user", "assistant"]).optional(),
  content: z.union([z.string(), z.array(part)]).optional(),
});

export const responsesRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(item).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: z.number().int().min(1).nullish(),
  tools: z
    .array(z.looseObject({ type: z.literal("function"), name: z.string(), parameters: schema.nullish() }))
    .nullish(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.looseObject({ type: z.literal("function"), name: z.string() }),
    ])
    .nullish(),
  text: z
    .looseObject({
      format: z
        .looseObject({ type: z.string(), name: z.string().optional(), schema: schema.optional() })
        .nullish(),
    })
    .nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type ResponsesRequest = z.infer<typeof responsesRequest>;

/** The chat request that it comes to. */
export function chatDocument(request: ResponsesRequest): object {
  const { input, instructions, tools, tool_choice: choice } = request;
  const items = typeof input === "string" ? [{ role: "user", content: input }] : input.map(messageOf);
  return {
    model: request.model,
    stream: request.stream,
    stream_options: { include_usage: true },
    messages: instructions == null ? items : [{ role: "system", content: instructions }, ...items],
    max_completion_tokens: request.max_output_tokens,
    tools: tools?.map(({ name, parameters }) => ({ type: "function", function: { name, parameters } })),
    tool_choice:
      typeof choice === "object" && choice !== null
        ? { type: "function", function: { name: choice.name } }
        : choice,
    response_format: responseFormat(request.text?.format),
    metadata: request.metadata,
  };
}

/** A tool's call and its result count as what they are in JSON. */
function messageOf({ role, content, ...rest }: z.infer<typeof item>): object {
  if (role === undefined) return { role: "user", content: JSON.stringify(rest) };
  const parts = Array.isArray(content)
    ? content.map((entry) =>
        entry.type === "input_image" ? { type: "image_url" } : { ...entry, type: "text" },
      )
    : content;
  return { role, content: parts };
}

function responseFormat(format: NonNullable<ResponsesRequest["text"]>["format"]): object | undefined {
  if (format?.type === "json_object") return { type: "json_object" };
  if (format?.type !== "json_schema") return undefined;
  return { type: "json_schema", json_schema: { name: format.name ?? "answer", schema: format.schema } };
}
