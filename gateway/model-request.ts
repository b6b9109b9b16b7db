import type { Endpoint, ParsedRequest } from "../models/domain/parameters/request-parameters.ts";

export type { Endpoint, ParsedRequest } from "../models/domain/parameters/request-parameters.ts";

/** What an app asks a model for, in the form of the endpoint that it came to. */
export interface ModelRequest {
  readonly endpoint: Endpoint;
  /** The parsed one, read by name, with what the catalog allows beside the table of parameters. */
  readonly body: RequestBody;
  /** What providers get. */
  readonly parsed: ParsedRequest;
}

/** A parsed body of any endpoint, for who reads a field or two. */
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
