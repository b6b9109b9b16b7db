import { z } from "zod";
import { appId, eventId, requestId, userId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

/** A user's rating of an answer. */
export const feedbackEvent = z.object({
  event_id: eventId,
  request_id: requestId,
  user_id: userId,
  /** The app that told it; empty: an event of before apps were told. */
  app_id: appId.or(z.literal("")).default(""),
  ts: timestampMs,
  rating: z.number().int().min(1).max(5),
  comment: z.string().max(2000),
  source: z.enum(["live", "simulated"]),
});
export type FeedbackEvent = z.infer<typeof feedbackEvent>;
