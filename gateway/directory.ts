import { hash as digest } from "node:crypto";
import { type EventLog, EventLogError, type Follower } from "../ingest/event-log.ts";
import { PublicError } from "../models/domain/errors.ts";
import type { AppId, EventId, UserId } from "../models/domain/ids.ts";
import type { KeyEvent } from "../models/domain/key-event.ts";
import { applyUserEvent, type User, type UserEvent, type UserRecord } from "../models/domain/user-event.ts";
import type { MaybePromise } from "./maybe-promise.ts";

/** Who may call, and for whom: the apps' keys and the end users, as the log tells them. In memory, so that a request waits for nothing. */
export interface Directory {
  /** The app of a key; null when it is unknown or revoked. A key that was made a moment ago is found, too. */
  appOf(key: string): MaybePromise<AppId | null>;
  user(id: UserId): User | null;
  /** Tells lives of one id apart: when who had it before was erased, 0 for the first life. */
  lifeOf(id: UserId): number;
  /** Calls the listener for each user who was erased, in the past and from now on. */
  onErased(listener: (id: UserId, erasedAtMs: number) => void): void;
  /** The user; one that nobody has met yet is created in the given tier. */
  meet(id: UserId, defaultTier: string): MaybePromise<User>;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  readonly log: EventLog;
  readonly now: () => number;
  readonly newEventId: () => EventId;
  /** A log that could not be asked, or a user that could not be written: told, not thrown into a request. */
  readonly onError: (error: unknown, what: string) => void;
}

/** Unknown keys are looked up in the log once; as many of them are then refused from memory. */
const MAX_REFUSED_KEYS = 10_000;
const MAX_HASHED_KEYS = 10_000;
const REFUSED_FOR_MS = 1_000;
/** A log that did not answer is not asked again for that long. */
const AWAY_FOR_MS = 2_000;

export async function openDirectory(options: DirectoryOptions): Promise<Directory> {
  const { log, now, onError } = options;
  const apps = new Map<string, AppId>();
  const hashOfApp = new Map<AppId, string>();
  /** Kept, so that a revocation that is read before its key still counts. */
  const revoked = new Set<AppId>();
  const users = new Map<UserId, UserRecord>();
  const erasureListeners: ((id: UserId, erasedAtMs: number) => void)[] = [];
  const refusedUntil = new Map<string, number>();
  /** Keys that were hashed lately; none outlives a change of any key. */
  const hashed = new Map<string, AppId>();
  let awayUntil = 0;

  const applyKey = (event: KeyEvent): void => {
    hashed.clear();
    if (event.type === "created") hashOfApp.set(event.id, event.key_sha256);
    else revoked.add(event.id);
    const hash = hashOfApp.get(event.id);
    if (hash === undefined) return;
    if (revoked.has(event.id)) apps.delete(hash);
    else apps.set(hash, event.id);
    refusedUntil.delete(hash);
  };
  const applyUser = (event: UserEvent): void => {
    const id = event.user_id;
    const before = users.get(id);
    const record = applyUserEvent(before, event);
    users.set(id, record);
    if (record.erasedAtMs > (before?.erasedAtMs ?? 0))
      for (const listener of erasureListeners) listener(id, record.erasedAtMs);
  };
  const [keyFollower, userFollower] = await Promise.all([
    log.follow("keys", applyKey),
    log.follow("users", applyUser),
  ]);

  /** False: the log cannot be asked now; then nobody else waits for it for a moment either. */
  const lookAgain = async (follower: Follower): Promise<boolean> => {
    if (awayUntil > now()) return false;
    try {
      await follower.catchUp();
      return true;
    } catch (error) {
      if (!(error instanceof EventLogError)) throw error;
      // Many may have waited for one answer: it is told once.
      if (awayUntil <= now()) onError(error, "keys and users cannot be looked up in the log");
      awayUntil = now() + AWAY_FOR_MS;
      return false;
    }
  };

  const findApp = async (hash: string): Promise<AppId | null> => {
    if (!(await lookAgain(keyFollower)))
      throw new PublicError("log_unavailable", "new keys cannot be looked up at the moment", {
        retryAfterSeconds: 1,
      });
    const found = apps.get(hash);
    if (found === undefined) {
      if (refusedUntil.size >= MAX_REFUSED_KEYS) refusedUntil.clear();
      refusedUntil.set(hash, now() + REFUSED_FOR_MS);
    }
    return found ?? null;
  };
  const meetStranger = async (id: UserId, defaultTier: string): Promise<User> => {
    // Somebody may have set the tier a moment ago. While the log cannot be asked, a stranger has the default tier.
    await lookAgain(userFollower);
    const before = users.get(id);
    if (before !== undefined && before.user !== null) return before.user;
    const event: UserEvent = {
      type: "seen",
      event_id: options.newEventId(),
      user_id: id,
      // Whoever erased the one before may have a clock that is ahead.
      ts: Math.max(now(), (before?.erasedAtMs ?? 0) + 1),
      tier: defaultTier,
    };
    applyUser(event);
    const met = users.get(id);
    log.append("users", [{ key: id, value: Buffer.from(JSON.stringify(event)) }]).catch((error: unknown) => {
      if (users.get(id) === met && before === undefined) users.delete(id);
      else if (users.get(id) === met && before !== undefined) users.set(id, before);
      onError(error, "a new user could not be written; the user's next request tries again");
    });
    return met?.user ?? { id, tier: defaultTier, createdAt: event.ts, tierUpdatedAt: null };
  };

  return {
    appOf(key) {
      const before = hashed.get(key);
      if (before !== undefined) return before;
      const hash = digest("sha256", key, "hex");
      const known = apps.get(hash);
      if (known !== undefined) {
        if (hashed.size >= MAX_HASHED_KEYS) hashed.clear();
        hashed.set(key, known);
        return known;
      }
      return (refusedUntil.get(hash) ?? 0) > now() ? null : findApp(hash);
    },
    user: (id) => users.get(id)?.user ?? null,
    lifeOf: (id) => users.get(id)?.erasedAtMs ?? 0,
    onErased(listener) {
      erasureListeners.push(listener);
      for (const [id, { erasedAtMs }] of users) if (erasedAtMs > 0) listener(id, erasedAtMs);
    },
    meet: (id, defaultTier) => users.get(id)?.user ?? meetStranger(id, defaultTier),
    async close() {
      await Promise.all([keyFollower.close(), userFollower.close()]);
    },
  };
}
