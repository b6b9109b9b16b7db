import type { EventLog } from "./event-log.ts";

/** The requests recorded since a moment, with what each did cost (nano-dollars). */
export async function* settledRequests(
  log: EventLog,
  sinceMs: number,
): AsyncIterable<{ requestId: string; cost: number }> {
  for await (const { request_id, cost } of log.scan("requests", sinceMs))
    yield { requestId: request_id, cost };
}
