import type { Body } from "../body.ts";
import type { Call } from "../call.ts";
import { complete } from "../chat-completions.ts";
import type { World } from "../world.ts";
import { responseForm } from "./response-form.ts";
import { chatDocument, responsesRequest } from "./responses-request.ts";

/** OpenAI's `POST /v1/responses`. */
export function completeResponse(world: World, call: Call, body: Body): void {
  const parsed = responsesRequest.safeParse(body.json);
  if (!parsed.success) {
    call.refuseInvalid(parsed.error);
    return;
  }
  complete(world, call, { document: chatDocument(parsed.data), bytes: body.bytes, form: responseForm });
}
