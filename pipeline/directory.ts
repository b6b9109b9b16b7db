import type { EventLog, Follower } from "../ingest/event-log.ts";
import { type DirectiveHistory, directiveHistory } from "../models/domain/directive.ts";
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
export async function openDirectory({ log }: { readonly log: EventLog }): Promise<Directory> {
  const users = userBook();
  const keys = keyBook();
  const directives = directiveHistory();
  const followers = {
    users: await log.follow("users", users.apply),
    keys: await log.follow("keys", keys.apply),
    directives: await log.follow("directives", directives.apply),
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
