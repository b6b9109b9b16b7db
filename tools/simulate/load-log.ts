import type { EventLog, LogRecord, Topic } from "../../ingest/event-log.ts";
import type { SimulatedDay } from "../../models/simulation/simulate.ts";
import type { LoadCounts, SimulationLoader } from "./loader.ts";

/** Appends at once: some megabytes, so that the log's memory stays small. */
const RECORDS_AT_ONCE = 5_000;

/** Sends simulated events the way of real ones: through the log, from where the sink takes them. */
export function openLogLoader(log: EventLog): SimulationLoader {
  const counts = { requests: 0, users: 0, feedback: 0 };
  const append = async (
    topic: Topic,
    events: readonly (object & { readonly user_id: string })[],
  ): Promise<void> => {
    for (let from = 0; from < events.length; from += RECORDS_AT_ONCE) {
      await log.append(topic, events.slice(from, from + RECORDS_AT_ONCE).map(recordOf));
    }
  };
  return {
    async take({ requests, users, feedback }: Pick<SimulatedDay, "requests" | "users" | "feedback">) {
      await append("users", users);
      await append("requests", requests);
      await append("feedback", feedback);
      counts.requests += requests.length;
      counts.users += users.length;
      counts.feedback += feedback.length;
    },
    finish: (): Promise<LoadCounts> => Promise.resolve({ ...counts }),
  };
}

function recordOf(event: object & { readonly user_id: string }): LogRecord {
  return { key: event.user_id, value: Buffer.from(JSON.stringify(event)) };
}
