import { z } from "zod";
import type { EventLog } from "./event-log.ts";

const settled = z.object({ request_id: z.string(), cost: z.number().int().nonnegative() });

/** The requests recorded since a moment, with what each did cost (nano-dollars). */
export async function* settledRequests(
  log: EventLog,
  sinceMs: number,
): AsyncIterable<{ requestId: string; cost: number }> {
  for await (const { value } of log.scan("requests", sinceMs)) {
    const event = settled.parse(JSON.parse(value.toString("utf8")));
    yield { requestId: event.request_id, cost: event.cost };
  }
}
