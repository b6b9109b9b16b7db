import type { IncomingMessage, ServerResponse } from "node:http";
import type { Settlements } from "./billing.ts";
import type { Endpoint } from "./model-request.ts";
import type { RequestDraft } from "./request-draft.ts";
import type { RequestTrace } from "./tracing/tracing.ts";

/** What a request's steps share. */
export interface Exchange {
  readonly endpoint: Endpoint;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly draft: RequestDraft;
  readonly settlements: Settlements;
  /** Ids of deployments that were called. */
  readonly tried: Set<string>;
  /** What goes on after the answer, and must be over before the request's event is written. */
  readonly afterwards: Promise<void>[];
  /** Null: nobody wants it. */
  readonly trace: RequestTrace | null;
  /** The client has closed its connection. */
  isGone(): boolean;
}
