import OpenAI from "openai";
import { ERROR_CODES } from "../../models/domain/errors.ts";
import { type LeanFetch, openLeanFetch } from "./lean-fetch.ts";
import { nanoFromDecimal, type Reply } from "./statistics.ts";

/** What the app asks for one of its users. */
export interface AppRequest {
  readonly userId: string;
  readonly feature: string;
  readonly country: string;
  readonly device: string;
  readonly prompt: string;
  readonly contextTokens: number;
  readonly generatedTokens: number;
  readonly stream: boolean;
}

export interface AppClient {
  /** Never rejects for what a gateway or a network can do: that is a reply. */
  send(request: AppRequest): Promise<Reply>;
  /** Breaks what is in flight. */
  close(): Promise<void>;
}

export interface AppClientOptions {
  readonly gatewayUrl: string;
  readonly key: string;
  readonly model: string;
  readonly connections: number;
}

/** An app that uses the official client. It never tries again by itself, so that one request is one event. */
export function openAppClient({ gatewayUrl, key, model, connections }: AppClientOptions): AppClient {
  const transport: LeanFetch = openLeanFetch(connections);
  const client = new OpenAI({
    baseURL: `${gatewayUrl}/v1`,
    apiKey: key,
    maxRetries: 0,
    fetch: transport.fetch,
  });
  return {
    async send(request) {
      const startedAtMs = performance.now();
      const elapsedMs = (): number => performance.now() - startedAtMs;
      try {
        const headers = await complete(client, model, request);
        const kind = headers.get("x-vigor-cache") === "hit" ? "cached" : "ok";
        const cost = nanoFromDecimal(headers.get("x-vigor-cost-usd") ?? "");
        return { kind, latencyMs: elapsedMs(), cost };
      } catch (error) {
        return { ...refusalOf(error), latencyMs: elapsedMs() };
      }
    },
    close: () => transport.close(),
  };
}

/** Resolves with the answer's headers once its last byte is there. */
async function complete(client: OpenAI, model: string, request: AppRequest): Promise<Headers> {
  const body: OpenAI.ChatCompletionCreateParamsNonStreaming = {
    model,
    messages: [{ role: "user", content: request.prompt }],
    max_tokens: Math.max(1, request.generatedTokens),
    metadata: {
      simulate_prompt_tokens: String(request.contextTokens),
      simulate_output_tokens: String(Math.max(1, request.generatedTokens)),
    },
  };
  const options = {
    headers: {
      "X-Vigor-User": request.userId,
      "X-Vigor-Feature": request.feature,
      "X-Vigor-Country": request.country,
      "X-Vigor-Device": request.device,
    },
  };
  if (!request.stream) {
    const { response } = await client.chat.completions.create(body, options).withResponse();
    return response.headers;
  }
  const { data, response } = await client.chat.completions
    .create({ ...body, stream: true, stream_options: { include_usage: true } }, options)
    .withResponse();
  let finished = false;
  for await (const chunk of data) finished ||= chunk.choices.some((choice) => choice.finish_reason !== null);
  if (!finished) throw new OpenAI.APIConnectionError({ message: "the stream ended early" });
  return response.headers;
}

/** A denial is the gateway's decision about the user or the budget; everything else that is no answer has failed. */
function refusalOf(error: unknown): { kind: "denied" | "failed"; code: string } {
  if (!(error instanceof OpenAI.OpenAIError)) {
    return { kind: "failed", code: error instanceof Error ? `connection: ${codeOf(error)}` : "connection" };
  }
  if (error instanceof OpenAI.APIConnectionError)
    return { kind: "failed", code: `connection: ${codeOf(error.cause)}` };
  if (!(error instanceof OpenAI.APIError)) return { kind: "failed", code: error.name };
  const code = error.code ?? `status ${error.status}`;
  const isDenial = (error.status === 429 || error.status === 403) && code in ERROR_CODES;
  return { kind: isDenial ? "denied" : "failed", code };
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
