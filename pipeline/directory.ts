import type { Logger } from "pino";
import type { z } from "zod";
import type { EventLog, Follower, LogEntry, Topic } from "../ingest/event-log.ts";
import { type DirectiveHistory, directiveEvent, directiveHistory } from "../models/domain/directive.ts";
import { keyEvent } from "../models/domain/key-event.ts";
import { userEvent } from "../models/domain/user-event.ts";
import { type KeyBook, keyBook } from "./directory/key-book.ts";
import { type UserBook, userBook } from "./directory/user-book.ts";

/** Users, keys and directives as the log tells them. Everything in it comes from the log, so that a restart changes nothing. */
export interface Directory {
  readonly users: UserBook;
  readonly keys: KeyBook;
  readonly directives: DirectiveHistory;
  /** Resolves when everything that was in the topic at the time of the call can be read here: a read after a write is right. */
  catchUp(topic: DirectoryTopic): Promise<void>;
  close(): Promise<void>;
}

export type DirectoryTopic = "users" | "keys" | "directives";

/** Resolves when the three topics have been read to their ends. */
export async function openDirectory({
  log,
  logger,
}: {
  readonly log: EventLog;
  readonly logger: Logger;
}): Promise<Directory> {
  const users = userBook();
  const keys = keyBook();
  const directives = directiveHistory();
  const followers = {
    users: await log.follow("users", reader("users", { schema: userEvent, apply: users.apply, logger })),
    keys: await log.follow("keys", reader("keys", { schema: keyEvent, apply: keys.apply, logger })),
    directives: await log.follow(
      "directives",
      reader("directives", { schema: directiveEvent, apply: directives.apply, logger }),
    ),
  } satisfies Record<DirectoryTopic, Follower>;
  return {
    users,
    keys,
    directives,
    catchUp: (topic) => followers[topic].catchUp(),
    async close() {
      await Promise.all(Object.values(followers).map((follower) => follower.close()));
    },
  };
}

interface ReaderOptions<Event> {
  readonly schema: z.ZodType<Event>;
  apply(event: Event): void;
  readonly logger: Logger;
}

/** One bad record must not stop the reading of those after it: it is logged with its place and left out. */
function reader<Event>(topic: Topic, { schema, apply, logger }: ReaderOptions<Event>) {
  return ({ value, offset }: LogEntry): void => {
    const parsed = schema.safeParse(parseJson(value));
    if (parsed.success) apply(parsed.data);
    else logger.error({ topic, offset, issues: parsed.error.issues }, "a record of the log cannot be read");
  };
}

/** Undefined when it is no JSON; no schema of an event accepts that. */
function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString("utf8"));
  } catch {
    return undefined;
  }
}
