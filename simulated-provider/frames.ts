import { type Answer, type Choice, usageBody } from "./answer.ts";
import { countLongest, sliceTokens } from "./token-text.ts";

/** One server-sent event, and how many visible tokens of each choice have been generated when it may leave. */
export interface Frame {
  readonly text: string;
  readonly tokens: number;
}

export interface FrameOptions {
  readonly includeUsage: boolean;
  /** Tokens of the next chunk. */
  drawChunkTokens(): number;
}

export const DONE = "data: [DONE]\n\n";

/** The answer as OpenAI streams it: role, content, finish reason, usage (if asked for), `[DONE]`. Choices take turns. */
export function* framesOf(answer: Answer, { includeUsage, drawChunkTokens }: FrameOptions): Generator<Frame> {
  const head = headOf(answer);
  const tail = includeUsage ? ',"usage":null}\n\n' : "}\n\n";
  const frame = (index: number, delta: string, finishReason: string | null, tokens: number): Frame => ({
    text: `${head}[{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${quote(finishReason)}}]${tail}`,
    tokens,
  });
  for (const [index, choice] of answer.choices.entries()) yield frame(index, openingDelta(choice), null, 0);
  const longest = countLongest(answer.choices);
  for (let from = 0; from < longest; ) {
    const to = from + drawChunkTokens();
    for (const [index, choice] of answer.choices.entries()) {
      const text = sliceTokens(choice.content, from, to);
      if (text !== "") yield frame(index, contentDelta(choice, text), null, Math.min(to, longest));
    }
    from = to;
  }
  for (const [index, choice] of answer.choices.entries())
    yield frame(index, "{}", choice.finishReason, longest);
  if (includeUsage) {
    yield { text: `${head}[],"usage":${JSON.stringify(usageBody(answer.usage))}}\n\n`, tokens: longest };
  }
  yield { text: DONE, tokens: longest };
}

function headOf({ id, createdAtSeconds, model }: Answer): string {
  const fields = { id, object: "chat.completion.chunk", created: createdAtSeconds, model };
  const constant = '"service_tier":"default","system_fingerprint":"fp_simulated","choices":';
  return `data: ${JSON.stringify(fields).slice(0, -1)},${constant}`;
}

function openingDelta({ toolCall }: Choice): string {
  if (toolCall === null) return '{"role":"assistant","content":"","refusal":null}';
  const call = {
    index: 0,
    id: toolCall.id,
    type: "function",
    function: { name: toolCall.name, arguments: "" },
  };
  return JSON.stringify({ role: "assistant", content: null, tool_calls: [call], refusal: null });
}

function contentDelta({ toolCall, isRefusal }: Choice, text: string): string {
  const quoted = JSON.stringify(text);
  if (isRefusal) return `{"refusal":${quoted}}`;
  return toolCall === null
    ? `{"content":${quoted}}`
    : `{"tool_calls":[{"index":0,"function":{"arguments":${quoted}}}]}`;
}

function quote(finishReason: string | null): string {
  return finishReason === null ? "null" : `"${finishReason}"`;
}
