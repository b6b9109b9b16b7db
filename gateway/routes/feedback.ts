import type { Request, Response } from "express";
import { z } from "zod";
import { PublicError } from "../../models/domain/errors.ts";
import { feedbackEvent } from "../../models/domain/feedback-event.ts";
import type { RequestId } from "../../models/domain/ids.ts";
import { bearerToken, readUserId } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { RATEABLE_MS, type Rateable } from "../own-requests.ts";
import { parseBody } from "../parse-body.ts";
import { readBody } from "../read-body.ts";
import { sendJson } from "./send-json.ts";

const MAX_BODY_BYTES = 16 << 10;

const feedbackBody = feedbackEvent.pick({ request_id: true, rating: true }).extend({
  comment: feedbackEvent.shape.comment.nullish(),
  user: z.string().nullish(),
});

/**
 * `POST /v1/feedback`: what a user thinks of an answer, by the answer's `x-vigor-request-id`. Durable when it is answered. The user may
 * rate it again: the last rating counts. The request must be the user's, through the same app; one that this gateway cannot know of is
 * written down, and counts when the warehouse has it.
 */
export async function serveFeedback(gateway: Gateway, request: Request, response: Response): Promise<void> {
  const app = await gateway.directory.appOf(bearerToken(request));
  if (app === null) throw new PublicError("invalid_key", "the key is unknown or revoked");
  const body = parseBody(feedbackBody, await readBody(request, MAX_BODY_BYTES));
  const user = readUserId(request, { user: body.user });
  requireRateable(gateway.ownRequests.rateable({ id: body.request_id, app, user }), body.request_id);
  const { event_id, rating, request_id } = await gateway.feedback.record({
    request_id: body.request_id,
    app_id: app,
    user_id: user,
    rating: body.rating,
    comment: body.comment ?? "",
  });
  sendJson(response, 200, { object: "feedback", id: event_id, request_id, rating });
}

function requireRateable(rateable: Rateable, id: RequestId): void {
  const param = "request_id";
  if (rateable === "no") {
    const message = `this app and user have made no request "${id}"; send the \`x-vigor-request-id\` of an answer to the same user`;
    throw new PublicError("not_found", message, { param });
  }
  if (rateable === "too-old") {
    const days = Math.round(RATEABLE_MS / 86_400_000);
    throw new PublicError(
      "not_found",
      `request "${id}" is older than ${days} days, so it cannot be rated any more`,
      { param },
    );
  }
}
