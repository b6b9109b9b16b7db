import { randomBytes } from "node:crypto";
import { type Role, sha256 } from "./access-tokens.ts";

/** Somebody signed in at the panel. Sessions are in memory: they end with the process. */
export interface Session {
  readonly role: Role;
  /** For the audit; of no use to open anything. */
  readonly name: string;
  /** What a call that changes something has to bring along besides the cookie. */
  readonly csrfToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Sessions {
  /** The id is the cookie's value; it is kept as a hash only. */
  open(role: Role): { readonly id: string; readonly session: Session };
  /** null: unknown, ended or expired. */
  find(id: string): Session | null;
  end(id: string): void;
}

/** A working day, so that nobody signs in twice and no forgotten screen stays signed in overnight. */
export const SESSION_MS = 12 * 3_600_000;
/** The oldest one ends when there are more. */
const MAX_SESSIONS = 1_000;
const ID_BYTES = 32;
const NAME_LENGTH = 8;

export function openSessions(now: () => number): Sessions {
  const sessions = new Map<string, Session>();
  const keyOf = (id: string): string => sha256(id).toString("base64");
  const forgetOld = (): void => {
    for (const [key, { expiresAt }] of sessions) {
      // In the order of their ends: the first one that holds is followed by such that hold.
      if (expiresAt > now() && sessions.size < MAX_SESSIONS) return;
      sessions.delete(key);
    }
  };
  return {
    open(role) {
      forgetOld();
      const id = randomBytes(ID_BYTES).toString("base64url");
      const session = {
        role,
        name: sha256(id).toString("hex").slice(0, NAME_LENGTH),
        csrfToken: randomBytes(ID_BYTES).toString("base64url"),
        expiresAt: now() + SESSION_MS,
      };
      sessions.set(keyOf(id), session);
      return { id, session };
    },
    find(id) {
      const session = sessions.get(keyOf(id));
      return session === undefined || session.expiresAt <= now() ? null : session;
    },
    end(id) {
      sessions.delete(keyOf(id));
    },
  };
}
