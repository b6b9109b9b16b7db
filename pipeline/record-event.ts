import type { EventLog, Topic } from "../ingest/event-log.ts";
import type { Directive, DirectiveEvent } from "../models/domain/directive.ts";
import type { Directory, DirectoryTopic } from "./directory.ts";

export interface Recorder {
  readonly log: EventLog;
  readonly directory: Directory;
}

/** All directives share one key, so that every gateway reads them in the order in which they were given. */
const DIRECTIVES_KEY = "directives";

/** Writes an event of a thing; when it resolves, the event is durable and `directory` shows it. */
export async function recordEvent(
  { log, directory }: Recorder,
  topic: Exclude<DirectoryTopic, "directives">,
  { key, event }: { readonly key: string; readonly event: object },
): Promise<void> {
  await log.append(topic, [logRecord(key, event)]);
  await directory.catchUp(topic);
}

/** Writes directives and revocations as one append: no gateway sees the one without the other for long. */
export async function recordDirectives(
  { log, directory }: Recorder,
  events: readonly DirectiveEvent[],
): Promise<void> {
  await log.append(
    "directives",
    events.map((event) => logRecord(DIRECTIVES_KEY, event)),
  );
  await directory.catchUp("directives");
}

/** For topics that nobody in this process follows. */
export async function appendEvent(
  log: EventLog,
  topic: Topic,
  { key, event }: { key: string; event: object },
) {
  await log.append(topic, [logRecord(key, event)]);
}

export function issuedEvent(directive: Directive): DirectiveEvent {
  return { type: "issued", directive };
}

function logRecord(key: string, event: object) {
  return { key, value: Buffer.from(JSON.stringify(event)) };
}
