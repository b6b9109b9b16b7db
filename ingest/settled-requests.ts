import type { EventLog } from "./event-log.ts";

/**
 * The requests recorded since a moment, with what each did cost (nano-dollars). An `orphaned` event is no such record: it says what
 * was not known of a request, so it settles nothing that the request has reserved.
 */
export async function* settledRequests(
  log: EventLog,
  sinceMs: number,
): AsyncIterable<{ requestId: string; cost: number }> {
  for await (const { request_id, outcome, cost } of log.scan("requests", sinceMs))
    if (outcome !== "orphaned") yield { requestId: request_id, cost };
}
