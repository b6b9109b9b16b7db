import { isUtf8 } from "node:buffer";
import type { z } from "zod";
import { type AdminAction, adminAction } from "../models/domain/admin-action.ts";
import { type CostEvent, costEvent } from "../models/domain/cost-event.ts";
import { type DirectiveEvent, directiveEvent } from "../models/domain/directive.ts";
import { type FeedbackEvent, feedbackEvent } from "../models/domain/feedback-event.ts";
import { isDeeperThan } from "../models/domain/json-depth.ts";
import { type KeyEvent, keyEvent } from "../models/domain/key-event.ts";
import { type RequestEvent, requestEvent } from "../models/domain/request-event.ts";
import { findHalfCharacter } from "../models/domain/text.ts";
import { type UserEvent, userEvent } from "../models/domain/user-event.ts";
import { type DeadLetter, deadLetter } from "./dead-letter.ts";
import { MAX_RECORD_BYTES, type Topic } from "./event-log.ts";

interface TopicEvents {
  readonly requests: RequestEvent;
  readonly feedback: FeedbackEvent;
  readonly users: UserEvent;
  readonly keys: KeyEvent;
  readonly costs: CostEvent;
  readonly directives: DirectiveEvent;
  readonly actions: AdminAction;
  readonly "dead-letters": DeadLetter;
}
/** What a topic carries. */
export type EventOf<T extends Topic> = TopicEvents[T];

/** What a record of each topic is. */
export const TOPIC_SCHEMAS: { readonly [T in Topic]: z.ZodType<EventOf<T>> } = {
  requests: requestEvent,
  feedback: feedbackEvent,
  users: userEvent,
  keys: keyEvent,
  costs: costEvent,
  directives: directiveEvent,
  actions: adminAction,
  "dead-letters": deadLetter,
};

/** `poison`: the record is not what its topic carries. The reason quotes nothing of its values. */
export type DecodedRecord<Event> =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "poison"; readonly reason: string };

/** The deepest event has five levels. */
const MAX_DEPTH = 32;
const MAX_REASON_CHARACTERS = 500;
/** A name of another form may be content. */
const FIELD_NAME = /^\w{1,40}$/;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LINE_BREAK = 0x0a;

/** The only way from bytes to an event. Never throws; its work is bounded by {@link MAX_RECORD_BYTES} and {@link MAX_DEPTH}. */
export function decodeRecord<T extends Topic>(topic: T, value: Buffer): DecodedRecord<EventOf<T>> {
  if (value.length > MAX_RECORD_BYTES) {
    return poison(`too large: ${value.length} bytes, at most ${MAX_RECORD_BYTES}`);
  }
  if (value[0] !== OPEN_BRACE || value.at(-1) !== CLOSE_BRACE || value.includes(LINE_BREAK))
    return poison("not one JSON object on one line");
  if (!isUtf8(value)) return poison("not UTF-8");
  if (isDeeperThan(value, MAX_DEPTH)) return poison(`nested deeper than ${MAX_DEPTH} levels`);
  const parsed = parseJson(value);
  if (parsed === undefined) return poison("not JSON");
  if (holdsSurrogateEscape(value) && findHalfCharacter(parsed) !== null)
    return poison("half of a surrogate pair in a text");
  const checked = TOPIC_SCHEMAS[topic].safeParse(parsed);
  if (checked.success) return { kind: "event", event: checked.data };
  return poison(describeIssues(checked.error.issues));
}

function poison(reason: string): { readonly kind: "poison"; readonly reason: string } {
  return { kind: "poison", reason: reason.slice(0, MAX_REASON_CHARACTERS) };
}

/** Undefined: it is none. The parser's own message quotes the text. */
function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Valid UTF-8 has no surrogates; only an escape brings one in. */
function holdsSurrogateEscape(value: Buffer): boolean {
  return value.includes("\\ud") || value.includes("\\uD");
}

/** Which fields are wrong and how, by the schema's codes: a message may quote what was there. */
function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  return issues.map(describeIssue).join("; ");
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((part) => (FIELD_NAME.test(String(part)) ? String(part) : "?")).join(".");
  return `${path === "" ? "the record" : path}: ${wordsFor(issue)}`;
}

function wordsFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `not of type ${issue.expected}`;
    case "invalid_value":
      return "not one of the known values";
    case "invalid_union":
      return "of no known type";
    case "invalid_format":
      return `not of the format ${issue.format}`;
    case "too_big":
      return `above ${issue.maximum}`;
    case "too_small":
      return `below ${issue.minimum}`;
    default:
      return issue.code;
  }
}
