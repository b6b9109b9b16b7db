import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import {
  callAttributes,
  callName,
  endAttributes,
  isFailed,
  outcomeAttributes,
  ROUTES,
  requestAttributes,
} from "./span-attributes.ts";
import type { CallTrace, EndedCall, RequestTrace, TracedCall, Tracing } from "./tracing.ts";

export interface OpenTelemetryOptions {
  /** Of the collector; `/v1/traces` comes behind it. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** Which of several gateways. */
  readonly instance: string;
  readonly onError: (error: unknown) => void;
  /** Between two posts. */
  readonly everyMs?: number;
}

const EVERY_MS = 5_000;
/** Spans that wait for the collector; more are dropped: a trace is not worth a request. */
const MAX_WAITING = 8_192;
const MAX_IN_POST = 1_024;
const POST_TIMEOUT_MS = 5_000;
const CLOSE_WAIT_MS = 5_000;

const propagator = new W3CTraceContextPropagator();

/** Traces as OTLP over HTTP (JSON). A collector that is away costs spans, and never a request. */
export function openTelemetryTracing(options: OpenTelemetryOptions): Tracing {
  const { endpoint, serviceName, instance, onError, everyMs = EVERY_MS } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    timeoutMillis: POST_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.instance.id": instance }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: everyMs,
        maxQueueSize: MAX_WAITING,
        maxExportBatchSize: MAX_IN_POST,
      }),
    ],
  });
  const tracer = provider.getTracer("vigor");
  return {
    begin(called, headers) {
      const parent = propagator.extract(ROOT_CONTEXT, headers, HEADERS);
      const attributes = requestAttributes(called);
      const span = tracer.startSpan(`POST ${ROUTES[called]}`, { kind: SpanKind.SERVER, attributes }, parent);
      return requestTrace(tracer, span, trace.setSpan(parent, span));
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_WAIT_MS);
      });
      await Promise.race([provider.shutdown().catch(onError), late]);
      clearTimeout(timer);
    },
  };
}

function requestTrace(tracer: Tracer, span: Span, context: Context): RequestTrace {
  const open = new Set<CallTrace>();
  return {
    beginCall(call) {
      const made = callTrace(tracer, context, call);
      open.add(made);
      return {
        headers: made.headers,
        end(ended) {
          open.delete(made);
          made.end(ended);
        },
      };
    },
    end(event: RequestEvent) {
      for (const call of open) call.end({ outcome: "aborted" });
      span.setAttributes(outcomeAttributes(event));
      if (isFailed(event)) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function callTrace(tracer: Tracer, context: Context, call: TracedCall): CallTrace {
  const attributes = callAttributes(call);
  const span = tracer.startSpan(callName(call), { kind: SpanKind.CLIENT, attributes }, context);
  const headers: Record<string, string> = {};
  propagator.inject(trace.setSpan(context, span), headers, {
    set: (carrier: Record<string, string>, name, value) => {
      carrier[name] = value;
    },
  });
  return {
    headers,
    end(ended: EndedCall) {
      span.setAttributes(endAttributes(ended));
      if (ended.outcome !== "ok") span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

const HEADERS: TextMapGetter<Record<string, string | string[] | undefined>> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
};
