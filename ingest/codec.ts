import { z } from "zod";
import { adminAction } from "../models/domain/admin-action.ts";
import { costEvent } from "../models/domain/cost-event.ts";
import { type DirectiveEvent, directiveEvent } from "../models/domain/directive.ts";
import { feedbackEvent } from "../models/domain/feedback-event.ts";
import { requestEvent } from "../models/domain/request-event.ts";
import { userEvent } from "../models/domain/user-event.ts";
import { deadLetter } from "./dead-letter.ts";
import type { Topic } from "./event-log.ts";

/** How the records of one topic become rows of one table. */
export interface TopicCodec {
  readonly table: string;
  /** What a record must be. It is asked only when the table has refused a batch, to say what is wrong with which record. */
  readonly schema: z.ZodType;
  /** The row's JSON from the record's; absent: the record is the row, and its bytes are not looked into. */
  toRow?(value: Buffer): Buffer;
}

/** The topics that the warehouse keeps. Keys are no business of it. */
export const TOPIC_CODECS: Readonly<Partial<Record<Topic, TopicCodec>>> = {
  requests: { table: "request_events", schema: requestEvent },
  feedback: { table: "feedback_events", schema: feedbackEvent },
  users: { table: "user_events", schema: userEvent },
  costs: { table: "cost_events", schema: costEvent },
  directives: { table: "directive_events", schema: directiveEvent, toRow: directiveRow },
  actions: { table: "admin_actions", schema: adminAction },
  "dead-letters": { table: "dead_letters", schema: deadLetter },
};

/** Why the record is not what its topic carries; null: it is. */
export function faultOf(value: Buffer, schema: z.ZodType): string | null {
  try {
    const parsed = schema.safeParse(JSON.parse(value.toString("utf8")));
    return parsed.success ? null : z.prettifyError(parsed.error);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function directiveRow(value: Buffer): Buffer {
  const text = value.toString("utf8");
  const event = directiveEvent.parse(JSON.parse(text));
  return Buffer.from(JSON.stringify({ ...directiveColumns(event), event: text }));
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
