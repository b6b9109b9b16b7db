import { once } from "node:events";
import http from "node:http";
import { z } from "zod";

const value = z
  .object({
    stringValue: z.string().optional(),
    intValue: z.union([z.string(), z.number()]).transform(Number).optional(),
    doubleValue: z.number().optional(),
    boolValue: z.boolean().optional(),
  })
  .transform(({ stringValue, intValue, doubleValue, boolValue }) => {
    return stringValue ?? intValue ?? doubleValue ?? boolValue ?? null;
  });
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value: held }) => [key, held])));

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(""),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes,
  status: z.object({ code: z.number().default(0) }),
});
export type CollectedSpan = z.output<typeof span>;

const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
export const SERVER = 2;
export const CLIENT = 3;
export const FAILED = 2;

/** What OTLP over HTTP as JSON goes to. */
export interface TraceCollector {
  readonly url: string;
  /** Everything that came, as it came. */
  text(): string;
  spans(): readonly CollectedSpan[];
  resources(): readonly Record<string, unknown>[];
  close(): void;
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const bodies: string[] = [];
  const server = http.createServer((incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8").on("data", (part: string) => (body += part));
    incoming.once("end", () => {
      const isTrace =
        incoming.url === "/v1/traces" && incoming.headers["content-type"] === "application/json";
      if (isTrace) bodies.push(body);
      response.writeHead(isTrace ? 200 : 404, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const all = () => bodies.flatMap((body) => request.parse(JSON.parse(body)).resourceSpans);
  return {
    url: `http://127.0.0.1:${port}`,
    text: () => bodies.join("\n"),
    spans: () => all().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resources: () => all().map(({ resource }) => resource.attributes),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
