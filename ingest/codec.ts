import type { DirectiveEvent } from "../models/domain/directive.ts";
import type { EventOf } from "./decode-record.ts";
import type { Topic } from "./event-log.ts";

/** How the events of one topic become rows of one table. */
export interface TopicCodec<Event> {
  readonly table: string;
  /** The row's JSON; absent: the record is the row as it is. */
  toRow?(event: Event, value: Buffer): Buffer;
}

/** Null: the warehouse keeps nothing of the topic, but is told of what in it cannot be read. */
export const TOPIC_CODECS: { readonly [T in Topic]: TopicCodec<EventOf<T>> | null } = {
  requests: { table: "request_events" },
  feedback: { table: "feedback_events" },
  users: { table: "user_events" },
  keys: null,
  costs: { table: "cost_events" },
  directives: { table: "directive_events", toRow: directiveRow },
  actions: { table: "admin_actions" },
  "dead-letters": { table: "dead_letters" },
};

function directiveRow(event: DirectiveEvent, value: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...directiveColumns(event), event: value.toString("utf8") }));
}

function directiveColumns(event: DirectiveEvent) {
  if (event.type === "revoked") {
    const { id, by, reason, ts } = event;
    return { directive_id: id, type: "revoked", ts, actor_type: by.type, actor: by.name, reason };
  }
  if (event.type === "condition") {
    const { id, ts, gateway, condition, subject, from, to, numbers, reason, expiresAt } = event;
    return {
      directive_id: id,
      type: "condition",
      ts,
      kind: condition,
      params: JSON.stringify({ subject, from, to, ...numbers }),
      actor_type: "safeguard",
      actor: gateway,
      reason,
      expires_at: expiresAt,
    };
  }
  const { directive } = event;
  return {
    directive_id: directive.id,
    type: "issued",
    ts: directive.issuedAt,
    kind: directive.kind,
    params: JSON.stringify(directive.params),
    actor_type: directive.issuedBy.type,
    actor: directive.issuedBy.name,
    reason: directive.reason,
    expires_at: directive.expiresAt,
    // Left out, it is the column's empty value.
    ...(directive.evidence === null ? {} : { decision_id: directive.evidence }),
  };
}
