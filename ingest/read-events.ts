import { decodeRecord, type EventOf } from "./decode-record.ts";
import { type EventLog, EventLogError, type LogEntry, type RecordLog, type Topic } from "./event-log.ts";

/** After so many records of a topic that were left out only each thousandth is reported: they are read again at every start. */
const MAX_REPORTED = 100;
const REPORTED_EACH = 1_000;

/**
 * What an adapter holds, as events, beside whatever else the adapter has. `onError` is told of records that are left out,
 * with their place and the reason.
 */
export function readEvents(records: RecordLog, onError: (error: EventLogError) => void): EventLog {
  const { follow, scan, consume: _, ...rest } = records;
  const leftOut = new Map<Topic, number>();

  function leaveOut(topic: Topic, offset: number, why: { reason: string; cause?: unknown }): void {
    const count = (leftOut.get(topic) ?? 0) + 1;
    leftOut.set(topic, count);
    if (count > MAX_REPORTED && count % REPORTED_EACH !== 0) return;
    const what = `a record of the topic ${topic} is left out (number ${count}, offset ${offset}): ${why.reason}`;
    onError(new EventLogError(what, { cause: why.cause }));
  }

  function eventIn<T extends Topic>(topic: T, { offset, value }: LogEntry): EventOf<T> | null {
    const decoded = decodeRecord(topic, value);
    if (decoded.kind === "event") return decoded.event;
    leaveOut(topic, offset, decoded);
    return null;
  }

  return {
    ...rest,
    follow: (topic, onEvent) =>
      follow(topic, (entry) => {
        const event = eventIn(topic, entry);
        if (event === null) return;
        try {
          onEvent(event);
        } catch (cause) {
          leaveOut(topic, entry.offset, { reason: "its reader failed", cause });
        }
      }),
    async *scan(topic, sinceMs) {
      for await (const entry of scan(topic, sinceMs)) {
        const event = eventIn(topic, entry);
        if (event !== null) yield event;
      }
    },
  };
}
