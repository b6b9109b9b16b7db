import { type PastRequest, pastRequest } from "./past-request.ts";
import { simulate } from "./simulate.ts";
import type { SimulationOptions } from "./simulation.ts";

/** A simulated past as the replay reads it, day by day: requests ascending by time, each with what was said of its answer. */
export function* simulatePast(options: SimulationOptions): Generator<readonly PastRequest[], void> {
  let lived = 0;
  for (const { requests, feedback } of simulate(options)) {
    const ratings = new Map(feedback.map(({ request_id, rating }) => [request_id, rating]));
    yield requests.map((event) => pastRequest(event, ratings.get(event.request_id) ?? 0));
    lived += 1;
    if (lived === options.days) return;
  }
}
