import type { TokenUsage } from "../../../models/domain/price.ts";
import { eventText, type StreamMapper } from "../map-stream.ts";
import { type CallDelta, type ChatChunk, chatChunk } from "./chat-chunk.ts";
import {
  begunResponse,
  callItem,
  callItemId,
  finishedResponse,
  INCOMPLETE,
  messageId,
  messageItem,
  type ResponseHead,
  type ResponsesCall,
  responseHead,
  textPart,
} from "./response.ts";

/**
 * The events of a streamed response out of the chunks of a chat: one message (its text and its refusal, each a part) and an item
 * for each tool call. Without a finish reason there is no last event: the stream was cut.
 */
export function responseEvents(call: ResponsesCall): StreamMapper {
  let stream: ResponseStream | null = null;
  return {
    event(document) {
      // As OpenAI sends it; clients raise it.
      if ("error" in document && document.error !== null) return eventText({ error: document.error });
      const parsed = chatChunk.safeParse(document);
      if (!parsed.success) return "";
      const { id, created, model } = parsed.data;
      stream ??= new ResponseStream(responseHead({ id, created, model }, call));
      return stream.take(parsed.data);
    },
    end: (usage) => stream?.end(usage) ?? "",
  };
}

type PartKind = "output_text" | "refusal";
const FIELDS = { output_text: "text", refusal: "refusal" } as const;

interface OpenCall {
  readonly at: number;
  readonly id: string;
  readonly name: string;
  readonly outputIndex: number;
  arguments: string;
}

class ResponseStream {
  readonly #head: ResponseHead;
  readonly #parts = new Map<PartKind, string>();
  readonly #calls = new Map<number, OpenCall>();
  #items = 0;
  /** The message's place in the output; null as long as nothing was said. */
  #messageIndex: number | null = null;
  #finishReason: string | null = null;
  #sequence = 0;

  constructor(head: ResponseHead) {
    this.#head = head;
  }

  take({ choices }: ChatChunk): string {
    let text = this.#sequence === 0 ? this.#begin() : "";
    for (const { index, delta, finish_reason: reason } of choices) {
      // A response has one answer.
      if (index !== 0) continue;
      if (delta.content) text += this.#say("output_text", delta.content);
      if (delta.refusal) text += this.#say("refusal", delta.refusal);
      for (const each of delta.tool_calls ?? []) text += this.#call(each);
      this.#finishReason = reason ?? this.#finishReason;
    }
    return text;
  }

  end(usage: TokenUsage | null): string {
    const finishReason = this.#finishReason;
    if (finishReason === null) return "";
    const message = this.#messageIndex === null ? "" : this.#endMessage(this.#messageIndex);
    const calls = [...this.#calls.values()].map((call) => this.#endCall(call)).join("");
    const output = this.#output();
    const response = finishedResponse(this.#head, { output, finishReason, usage });
    const isWhole = INCOMPLETE[finishReason] === undefined;
    return (
      message + calls + this.#event(isWhole ? "response.completed" : "response.incomplete", { response })
    );
  }

  #event(type: string, fields: object): string {
    const data = { type, sequence_number: this.#sequence++, ...fields };
    return `event: ${type}\n${eventText(data)}`;
  }

  #begin(): string {
    const fields = { response: begunResponse(this.#head) };
    return this.#event("response.created", fields) + this.#event("response.in_progress", fields);
  }

  #add(output_index: number, item: object): string {
    return this.#event("response.output_item.added", { output_index, item });
  }

  #say(kind: PartKind, delta: string): string {
    let text = "";
    if (this.#messageIndex === null) {
      this.#messageIndex = this.#items++;
      text += this.#add(this.#messageIndex, messageItem(this.#head.id, [], "in_progress"));
    }
    const before = this.#parts.get(kind);
    this.#parts.set(kind, (before ?? "") + delta);
    const place = this.#placeOf(kind);
    if (before === undefined)
      text += this.#event("response.content_part.added", { ...place, part: partOf(kind, "") });
    return text + this.#event(`response.${kind}.delta`, { ...place, delta, ...logprobsOf(kind) });
  }

  #placeOf(kind: PartKind): object {
    const content_index = [...this.#parts.keys()].indexOf(kind);
    return { item_id: messageId(this.#head.id), output_index: this.#messageIndex, content_index };
  }

  #call({ index: at, id, function: called }: CallDelta): string {
    let text = "";
    let open = this.#calls.get(at);
    if (open === undefined) {
      const outputIndex = this.#items++;
      open = { at, id: id ?? `call_${at}`, name: called?.name ?? "", outputIndex, arguments: "" };
      this.#calls.set(at, open);
      text += this.#add(outputIndex, this.#callItem(open, "in_progress"));
    }
    const delta = called?.arguments ?? "";
    if (delta === "") return text;
    open.arguments += delta;
    const place = { item_id: callItemId(this.#head.id, at), output_index: open.outputIndex };
    return text + this.#event("response.function_call_arguments.delta", { ...place, delta });
  }

  #callItem(open: OpenCall, status?: string): object {
    return callItem({ ...open, responseId: this.#head.id }, status);
  }

  #message(): object {
    const content = [...this.#parts].map(([kind, text]) => partOf(kind, text));
    return messageItem(this.#head.id, content);
  }

  #endMessage(output_index: number): string {
    let text = "";
    for (const [kind, said] of this.#parts) {
      const place = this.#placeOf(kind);
      const fields = { ...place, [FIELDS[kind]]: said, ...logprobsOf(kind) };
      text += this.#event(`response.${kind}.done`, fields);
      text += this.#event("response.content_part.done", { ...place, part: partOf(kind, said) });
    }
    return text + this.#event("response.output_item.done", { output_index, item: this.#message() });
  }

  #endCall(open: OpenCall): string {
    const { at, name, outputIndex: output_index, arguments: args } = open;
    const place = { item_id: callItemId(this.#head.id, at), output_index };
    return (
      this.#event("response.function_call_arguments.done", { ...place, name, arguments: args }) +
      this.#event("response.output_item.done", { output_index, item: this.#callItem(open) })
    );
  }

  #output(): object[] {
    const placed = [...this.#calls.values()].map((open) => ({
      at: open.outputIndex,
      item: this.#callItem(open),
    }));
    if (this.#messageIndex !== null) placed.push({ at: this.#messageIndex, item: this.#message() });
    return placed.sort((a, b) => a.at - b.at).map(({ item }) => item);
  }
}

/** Text has them in every event; chat's are not asked for here. */
function logprobsOf(kind: PartKind): object {
  return kind === "output_text" ? { logprobs: [] } : {};
}

function partOf(kind: PartKind, text: string): object {
  return kind === "output_text" ? textPart(text) : { type: "refusal", refusal: text };
}
