import type { ModelRequest } from "./model-request.ts";
import { documentOf, eventsOf } from "./sse-events.ts";

/** Official clients hand on what they do not know in a usage report, and cannot read a stream's trailer. */
const COST_FIELD = "cost_usd";

/** Who asks for usage is told the cost, too; a response always reports its usage. */
export function isCostTold({ endpoint, body }: ModelRequest): boolean {
  return endpoint === "responses" || body.stream_options?.include_usage === true;
}

/** The events with the request's cost so far in each usage report: `usage.cost_usd`, of a chunk or of a response's last event. */
export function tellCost(events: Buffer, costUsd: number): Buffer {
  return Buffer.concat([...eventsOf(events)].map((event) => tellCostIn(event, costUsd)));
}

function tellCostIn(event: Buffer, costUsd: number): Buffer {
  const document = documentOf(event);
  const told = document === null ? null : withCost(document, costUsd);
  if (told === null) return event;
  // Everything but its data stays: a response's event has a name.
  const lines = event
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("data:"));
  return Buffer.from([...lines, `data: ${JSON.stringify(told)}`, "", ""].join("\n"));
}

/** Null: it holds no usage. */
function withCost(document: object, costUsd: number): object | null {
  if ("usage" in document && isObject(document.usage))
    return { ...document, usage: { ...document.usage, [COST_FIELD]: costUsd } };
  if (!("response" in document) || !isObject(document.response)) return null;
  const response = withCost(document.response, costUsd);
  return response === null ? null : { ...document, response };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
