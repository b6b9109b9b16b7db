import type { IncomingHttpHeaders } from "node:http";
import type { Provider } from "../../models/domain/catalog.ts";
import type { TokenUsage } from "../../models/domain/price.ts";
import type { Attempt, RequestEvent } from "../../models/domain/request-event.ts";
import type { Endpoint, ModelRequest } from "../model-request.ts";

/** Traces of requests and of the calls that they make. A gateway that is not told where to send them has none, and loads nothing for it. */
export interface Tracing {
  /** `headers`: the client's `traceparent` is the parent of the trace's spans, when there is one. */
  begin(endpoint: Endpoint, headers: IncomingHttpHeaders): RequestTrace;
  /** Sends what is pending, for a bounded time. */
  close(): Promise<void>;
}

/** One span for the request, and one for each call below it. */
export interface RequestTrace {
  beginCall(call: TracedCall): CallTrace;
  /** Ends the calls that nobody has ended, too. */
  end(event: RequestEvent): void;
}

export interface TracedCall {
  /** With the base URL of the deployment that is called. */
  readonly target: Provider;
  readonly request: ModelRequest;
  readonly maxOutputTokens: number;
}

export interface CallTrace {
  /** For the provider: `traceparent`, and `tracestate` where the client sent one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Only the first end counts. */
  end(ended: EndedCall): void;
}

export interface EndedCall {
  readonly outcome: Attempt["outcome"];
  readonly usage?: TokenUsage | null;
  /** As the provider names what has answered; empty: it did not. */
  readonly model?: string;
}
