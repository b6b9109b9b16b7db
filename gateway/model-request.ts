/** What an app asks a model for, in the form of the endpoint that it came to. */
export interface ModelRequest {
  readonly endpoint: Endpoint;
  readonly body: RequestBody;
}

export type Endpoint = "chat" | "responses" | "embeddings";

/** A parsed body. What the gateway must know of it was checked; every other field is the app's, and goes through untouched. */
export interface RequestBody {
  readonly model: string;
  /** The prompt: of chat, and of the other two. */
  readonly messages?: unknown;
  readonly input?: unknown;
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | null | undefined;
  readonly user?: string | null | undefined;
  readonly safety_identifier?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
  readonly [field: string]: unknown;
}
