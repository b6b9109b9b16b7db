import type { Request, Response } from "express";
import { z } from "zod";
import { PublicError } from "../../models/domain/errors.ts";
import { feedbackEvent } from "../../models/domain/feedback-event.ts";
import { bearerToken, readUserId } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { parseBody } from "../parse-body.ts";
import { readBody } from "../read-body.ts";
import { sendJson } from "./send-json.ts";

const MAX_BODY_BYTES = 16 << 10;

const feedbackBody = feedbackEvent.pick({ request_id: true, rating: true }).extend({
  comment: feedbackEvent.shape.comment.nullish(),
  user: z.string().nullish(),
});

/** `POST /v1/feedback`: what a user thinks of an answer, by the answer's `x-vigor-request-id`. Durable when it is answered. */
export async function serveFeedback(gateway: Gateway, request: Request, response: Response): Promise<void> {
  if ((await gateway.directory.appOf(bearerToken(request))) === null)
    throw new PublicError("invalid_key", "the key is unknown or revoked");
  const body = parseBody(feedbackBody, await readBody(request, MAX_BODY_BYTES));
  const { id, rating, requestId } = await record(gateway, request, body);
  sendJson(response, 200, { object: "feedback", id, request_id: requestId, rating });
}

async function record(gateway: Gateway, request: Request, body: z.infer<typeof feedbackBody>) {
  const { event_id, rating, request_id } = await gateway.feedback.record({
    request_id: body.request_id,
    user_id: readUserId(request, { user: body.user }),
    rating: body.rating,
    comment: body.comment ?? "",
  });
  return { id: event_id, rating, requestId: request_id };
}
