import { setTimeout as delay } from "node:timers/promises";
import type { EventLog, LogRecord } from "../ingest/event-log.ts";
import type { RequestEvent } from "../models/domain/request-event.ts";

/**
 * Writes each request's event, and only then lets its reservation go: a crash in between leaves a reservation, never a gap.
 * While the log takes nothing, events wait in memory up to a limit; above it the gateway takes no more requests.
 */
export interface Recorder {
  /** `whenDurable` settles the reservations. Never throws. */
  record(event: RequestEvent, whenDurable: () => Promise<void>): void;
  /**
   * Writes the event of a request that has reserved nothing and is not answered yet: a crash leaves no other trace of it. Resolves when
   * the event is durable, or after a second. False: so many wait for the log that it was left out.
   */
  recordDenial(event: RequestEvent): Promise<boolean>;
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

/** No answer waits for its event, and a crash leaves a reservation that is billed; syncing a disk for each event is what would cost. Who waits for reservations to shrink has it done at once (`flushed`). */
const GATHER_MS = 20;
const MAX_PENDING_EVENTS = 20_000;
/** Denials of requests that are refused for want of a log wait beyond that, up to here. */
const MAX_PENDING_DENIALS = 2 * MAX_PENDING_EVENTS;
const DENIAL_WAIT_MS = 1_000;
const MAX_LOG_BYTES = 32 << 20;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const CLOSE_WAIT_MS = 10_000;

interface Recorded {
  readonly event: RequestEvent;
  readonly whenDurable: () => Promise<void>;
}

export function openRecorder({ log, eventsBefore, eventsOfAll, onError }: RecorderOptions): Recorder {
  /** Of the last moment: they are appended together. */
  let gathered: Recorded[] = [];
  let gathering: NodeJS.Timeout | null = null;
  const writing = new Set<Promise<void>>();
  let pending = 0;
  let events = eventsBefore;
  let stopped = false;

  const writeGathered = (): void => {
    if (gathering !== null) clearTimeout(gathering);
    gathering = null;
    const batch = gathered;
    gathered = [];
    if (batch.length === 0) return;
    const written = write(batch).finally(() => {
      pending -= batch.length;
      writing.delete(written);
    });
    writing.add(written);
  };
  const write = async (batch: readonly Recorded[]): Promise<void> => {
    try {
      await log.append("requests", batch.map(recordOf));
    } catch (error) {
      onError(error, "events could not be written and are tried again");
      // One by one: what the log does not take must not keep the others from it.
      await Promise.all(batch.map(writeAlone));
      return;
    }
    events += batch.length;
    await Promise.all(batch.map(settle));
  };
  const writeAlone = async (recorded: Recorded): Promise<void> => {
    for (let waitMs = FIRST_RETRY_MS; !stopped; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      await delay(waitMs);
      try {
        await log.append("requests", [recordOf(recorded)]);
      } catch (error) {
        onError(error, "an event could not be written and is tried again");
        continue;
      }
      events += 1;
      return settle(recorded);
    }
  };
  const settle = async ({ whenDurable }: Recorded): Promise<void> => {
    try {
      await whenDurable();
    } catch (error) {
      onError(error, "a reservation could not be settled; it counts until it expires");
    }
  };
  const flushed = (maxWaitMs: number): Promise<void> => {
    writeGathered();
    return within(Promise.all([...writing]), maxWaitMs);
  };

  const record = (event: RequestEvent, whenDurable: () => Promise<void>): void => {
    pending += 1;
    gathered.push({ event, whenDurable });
    gathering ??= setTimeout(writeGathered, GATHER_MS);
  };

  return {
    record,
    async recordDenial(event) {
      if (stopped || pending >= MAX_PENDING_DENIALS) return false;
      const durable = new Promise<void>((resolve) => {
        record(event, () => Promise.resolve(resolve()));
      });
      await within(durable, DENIAL_WAIT_MS);
      return true;
    },
    accepting: () => !stopped && pending < MAX_PENDING_EVENTS && log.pendingBytes() < MAX_LOG_BYTES,
    flushed,
    pending: () => pending,
    events: eventsOfAll ?? (() => events),
    async close() {
      await flushed(CLOSE_WAIT_MS);
      stopped = true;
      if (pending > 0) onError(new Error(`${pending} events`), "events could not be written before the stop");
    },
  };
}

function recordOf({ event }: Recorded): LogRecord {
  return { key: event.user_id, value: Buffer.from(JSON.stringify(event)) };
}

async function within(done: Promise<unknown>, maxWaitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, maxWaitMs);
  });
  await Promise.race([done, timeout]);
  clearTimeout(timer);
}
