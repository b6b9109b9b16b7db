import { type EventLog, EventLogError } from "../ingest/event-log.ts";
import { PublicError } from "../models/domain/errors.ts";
import type { FeedbackEvent } from "../models/domain/feedback-event.ts";
import type { EventId } from "../models/domain/ids.ts";

/** Where ratings go. */
export interface FeedbackLog {
  /** Resolves when it is durable; throws {@link PublicError} `log_unavailable` when it cannot be. */
  record(
    feedback: Pick<FeedbackEvent, "request_id" | "app_id" | "user_id" | "rating" | "comment">,
  ): Promise<FeedbackEvent>;
}

export interface FeedbackLogOptions {
  readonly log: Pick<EventLog, "append" | "pendingBytes">;
  readonly now: () => number;
  readonly newEventId: () => EventId;
}

/** The log serves requests first. */
const MAX_LOG_BYTES = 16 << 20;

export function openFeedbackLog({ log, now, newEventId }: FeedbackLogOptions): FeedbackLog {
  return {
    async record(feedback) {
      if (log.pendingBytes() > MAX_LOG_BYTES) throw unavailable();
      const event: FeedbackEvent = { event_id: newEventId(), ts: now(), source: "live", ...feedback };
      try {
        await log.append("feedback", [{ key: event.user_id, value: Buffer.from(JSON.stringify(event)) }]);
      } catch (error) {
        if (error instanceof EventLogError) throw unavailable(error);
        throw error;
      }
      return event;
    },
  };
}

function unavailable(cause?: EventLogError): PublicError {
  return new PublicError("log_unavailable", "ratings cannot be recorded at the moment", {
    retryAfterSeconds: 2,
    cause,
  });
}
