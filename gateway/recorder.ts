import type { EventLog } from "../ingest/event-log.ts";
import type { RequestEvent } from "../models/domain/request-event.ts";

/**
 * Writes each request's event, and only then lets its reservation go: a crash in between leaves a reservation, never a gap.
 * While the log takes nothing, events wait in memory up to a limit; above it the gateway takes no more requests.
 */
export interface Recorder {
  /** `whenDurable` settles the reservations. Never throws. */
  record(event: RequestEvent, whenDurable: () => Promise<void>): void;
  /** False: events cannot be kept any more, so no request may be taken. */
  accepting(): boolean;
  /** Resolves when everything recorded so far is durable and settled, or after `maxWaitMs`. */
  flushed(maxWaitMs: number): Promise<void>;
  /** Events that are not yet durable and settled. */
  pending(): number;
  /** Events written since the log began, by all gateways: this and earlier processes, and those beside it. */
  events(): number | Promise<number>;
  /** Waits for what is pending. */
  close(): Promise<void>;
}

export interface RecorderOptions {
  readonly log: EventLog;
  /** Events that earlier processes wrote. */
  readonly eventsBefore: number;
  /** Where several gateways write one log: what all of them have written. */
  readonly eventsOfAll?: (() => Promise<number>) | undefined;
  readonly onError: (error: unknown, what: string) => void;
}

const MAX_PENDING_EVENTS = 20_000;
const MAX_LOG_BYTES = 32 << 20;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const CLOSE_WAIT_MS = 10_000;

export function openRecorder({ log, eventsBefore, eventsOfAll, onError }: RecorderOptions): Recorder {
  const pending = new Set<Promise<void>>();
  let events = eventsBefore;
  let stopped = false;

  const write = async (event: RequestEvent, whenDurable: () => Promise<void>): Promise<void> => {
    const record = { key: event.user_id, value: Buffer.from(JSON.stringify(event)) };
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      try {
        await log.append("requests", [record]);
        break;
      } catch (error) {
        onError(error, "an event could not be written and is tried again");
        if (stopped) return;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
    events += 1;
    await whenDurable();
  };

  return {
    record(event, whenDurable) {
      const writing = write(event, whenDurable)
        .catch((error: unknown) =>
          onError(error, "a reservation could not be settled; it counts until it expires"),
        )
        .finally(() => pending.delete(writing));
      pending.add(writing);
    },
    accepting: () => !stopped && pending.size < MAX_PENDING_EVENTS && log.pendingBytes() < MAX_LOG_BYTES,
    flushed: (maxWaitMs) => within(Promise.all([...pending]), maxWaitMs),
    pending: () => pending.size,
    events: eventsOfAll ?? (() => events),
    async close() {
      await within(Promise.all([...pending]), CLOSE_WAIT_MS);
      stopped = true;
      if (pending.size > 0)
        onError(new Error(`${pending.size} events`), "events could not be written before the stop");
    },
  };
}

async function within(done: Promise<unknown>, maxWaitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, maxWaitMs);
  });
  await Promise.race([done, timeout]);
  clearTimeout(timer);
}
