import type { ChatRequest } from "../../../models/domain/parameters/chat-parameters.ts";
import type { ResponsesRequest } from "../../../models/domain/parameters/responses-parameters.ts";
import { responseQuality } from "../../quality/response-quality.ts";
import { documentOf, eventsOf } from "../../sse-events.ts";
import { readUsage } from "../../usage-report.ts";
import type { AdapterCall, ChatAdapter, EndpointAdapter, Refusal } from "../adapter.ts";
import type { StreamMapper } from "../map-stream.ts";
import { RESPONSES_READING } from "../openai/responses-reading.ts";
import { chatRequestOf } from "./chat-request.ts";
import { responseOf } from "./response.ts";
import { responseEvents } from "./response-events.ts";

/** `/v1/responses` of a provider that has chat alone: asked as a chat, and its answer told as a response. */
export function responsesOverChat(chat: ChatAdapter): EndpointAdapter<ResponsesRequest> {
  return {
    mapRequest(call) {
      const asked = asChat(call);
      return "kind" in asked ? asked : chat.mapRequest(asked);
    },
    mapResponse(answer, call) {
      const mapped = chat.mapResponse(answer, call);
      if (mapped === null) return null;
      const response = responseOf(mapped.body ?? answer, { call, usage: readUsage(chat.usage, answer) });
      return response === null ? null : { body: response };
    },
    mapStream(call) {
      const own = chat.mapStream(call);
      const events = responseEvents(call);
      return own === null ? events : chained(own, events);
    },
    reading: RESPONSES_READING,
    usage: chat.usage,
    quality: responseQuality,
    readError: (body) => chat.readError(body),
  };
}

function asChat(call: AdapterCall<ResponsesRequest>): AdapterCall<ChatRequest> | Refusal {
  const asked = chatRequestOf(call.body);
  return asked.kind === "refusal" ? asked : { ...call, body: asked.body };
}

/** What the first one makes of an event is what the second one gets. */
function chained(first: StreamMapper, second: StreamMapper): StreamMapper {
  const pass = (text: string): string => {
    let passed = "";
    for (const event of eventsOf(Buffer.from(text))) {
      const document = documentOf(event);
      if (document !== null) passed += second.event(document);
    }
    return passed;
  };
  return {
    event: (document) => pass(first.event(document)),
    end: (usage) => pass(first.end(usage)) + second.end(usage),
  };
}
