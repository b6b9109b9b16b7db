import type { EventLog, RecordLog } from "../../ingest/event-log.ts";
import { readEvents } from "../../ingest/read-events.ts";

/** A log whose records are all events: one that is not is an error of the test. */
export function readableLog(records: RecordLog): EventLog {
  return readEvents(records, (error) => process.emitWarning(error));
}
