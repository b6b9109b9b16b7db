import { v7 as uuidv7 } from "uuid";
import type { Topic } from "../../ingest/event-log.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";

const TS = Date.UTC(2026, 10, 24, 12);

/** An event that its topic may carry; each call makes another one. */
export const GOOD_EVENTS: { readonly [T in Topic]: () => object } = {
  requests: () => makeRequestEvent(),
  feedback: () => ({
    event_id: uuidv7(),
    request_id: uuidv7(),
    user_id: "user-1",
    ts: TS,
    rating: 4,
    comment: "fine",
    source: "live",
  }),
  users: () => ({ type: "seen", event_id: uuidv7(), user_id: `user-${uuidv7()}`, ts: TS, tier: "free" }),
  keys: () => ({ type: "created", id: uuidv7(), name: "app", key_sha256: "ab".repeat(32), ts: TS }),
  costs: () => ({
    event_id: uuidv7(),
    ts: TS,
    kind: "support",
    provider: "",
    amount: 5,
    from_date: "2026-11-01",
    to_date: "2026-11-30",
    note: "",
  }),
  directives: () => ({
    type: "issued",
    directive: {
      id: uuidv7(),
      issuedBy: { type: "admin", name: "ada" },
      reason: "a test",
      evidence: null,
      issuedAt: TS,
      expiresAt: TS + 60_000,
      kind: "fallback-mode",
      params: {},
    },
  }),
  actions: () => ({
    action_id: uuidv7(),
    ts: TS,
    role: "admin",
    via: "token",
    session: "",
    address: "127.0.0.1",
    action: "create or change a user",
    method: "PUT",
    path: "/api/users/:id",
    subject: "user-1",
    details: "{}",
    status: 200,
    error: "",
  }),
  "dead-letters": () => ({
    ts: TS,
    source_topic: "requests",
    source_partition: uuidv7(),
    source_offset: 1,
    reason: "a test",
    key: "",
    value: "",
    encoding: "utf8",
    value_bytes: 0,
  }),
};

/** Appears in the poison: nothing of it may come into a dead letter. */
export const CONTENT = "my secret prompt";

const NESTED = 5_000;

/** Records that the topic does not carry, by what is wrong with them. None has a line break: the embedded log takes none. */
export function poisonFor(topic: Topic): Readonly<Record<string, Buffer>> {
  const event = GOOD_EVENTS[topic]();
  const text = JSON.stringify(event);
  const withField = (json: string): string => `${text.slice(0, -1)},${json}}`;
  return {
    "an empty record": Buffer.alloc(0),
    "no JSON": Buffer.from(`${CONTENT} {`),
    "half of an event": Buffer.from(text.slice(0, text.length >> 1)),
    "two events in one": Buffer.from(`${text}${text}`),
    "a number": Buffer.from("1e999"),
    "a list": Buffer.from(`[${text}]`),
    "no fields": Buffer.from("{}"),
    "other fields": Buffer.from(JSON.stringify({ prompt: CONTENT, [CONTENT]: 1 })),
    "5,000 lists in each other": Buffer.from(withField(`"deep":${"[".repeat(NESTED)}${"]".repeat(NESTED)}`)),
    "5,000 objects in each other": Buffer.from(
      withField(`"deep":${'{"a":'.repeat(NESTED)}1${"}".repeat(NESTED)}`),
    ),
    "lists that never end": Buffer.from(`{"a":${"[".repeat(1_000_000)}}`),
    "bytes that are not UTF-8": Buffer.concat([
      Buffer.from(`${text.slice(0, -1)},"x":"`),
      Buffer.from([0xff, 0xfe, 0x80]),
      Buffer.from('"}'),
    ]),
    "half of a surrogate pair": Buffer.from(withField(String.raw`"x":"\ud83d"`)),
    "an unknown type": Buffer.from(
      JSON.stringify({
        ...event,
        type: "renamed",
        directive: 1,
        outcome: "great",
        kind: "gift",
        role: "king",
        encoding: "rot13",
        rating: 77,
      }),
    ),
    "every field a list": Buffer.from(
      JSON.stringify(Object.fromEntries(Object.keys(event).map((name) => [name, [CONTENT]]))),
    ),
    "every number huge": Buffer.from(text.replace(/:\d+/g, ":123456789012345678901234567890")),
    "an id that is none": Buffer.from(
      text
        .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, CONTENT)
        .replace(/"(source_offset|amount|key_sha256|user_id)":/, '"$1_":'),
    ),
  };
}

/** Events by their schema, which the warehouse may refuse all the same. */
export function oddEventsFor(topic: Topic): readonly Buffer[] {
  const time = /"(ts|issuedAt)":\d+/;
  const changes: readonly ((json: string) => string)[] = [
    (json) => json.replace(time, `"$1":${Date.UTC(9999, 1)}`),
    (json) => json.replace(time, '"$1":1.764e12'),
    (json) => json.replace(time, '"$1":0'),
    (json) => json.replace(/"from_date":"[^"]+"/, '"from_date":"1000-01-01"'),
    (json) => json.replace(/"to_date":"[^"]+"/, '"to_date":"9999-12-31"'),
    (json) => json.replace(/"(cost|amount|status|source_offset)":\d+/, `"$1":${Number.MAX_SAFE_INTEGER}`),
    (json) => `{"log_partition":"elsewhere",${json.slice(1)}`,
    (json) => `${json.slice(0, -1)},"log_offset":-1}`,
    (json) => `${json.slice(0, -1)},"${time.exec(json)?.[1] ?? "ts"}":${TS}}`,
  ];
  return changes.map((change) => Buffer.from(change(JSON.stringify(GOOD_EVENTS[topic]()))));
}
