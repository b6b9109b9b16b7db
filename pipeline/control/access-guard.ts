import { timingSafeEqual } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { type Role, sha256 } from "./access-tokens.ts";
import { sessionIdOf } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { TokenCheck } from "./token-check.ts";

export const CSRF_HEADER = "x-vigor-csrf";

/** Who calls, as far as the audit tells it. */
export interface Identity {
  /** `nobody`: the token was wrong. */
  readonly role: Role | "nobody";
  readonly via: "panel" | "token";
  /** The session's name; empty: none. */
  readonly session: string;
}

export interface AccessDeps {
  readonly checkToken: TokenCheck;
  readonly sessions: Sessions;
  /** Calls that change nothing although their method could: a viewer may make them. */
  isReadOnly(request: Request): boolean;
}

export interface Access {
  /**
   * Lets through whoever has a token (`Authorization: Bearer`) or is signed in at the panel (cookie). Viewers may only look. A
   * browser sends the cookie by itself, so a change needs the session's CSRF token, too, and must come from the panel's own page.
   */
  readonly guard: RequestHandler;
  /** Who makes a call that the guard has let through. */
  identityOf(request: Request): Identity;
}

export function openAccess(deps: AccessDeps): Access {
  const identities = new WeakMap<Request, Identity>();
  return {
    async guard(request, response, next) {
      response.set("www-authenticate", "Bearer");
      const identity = await identify(request, deps);
      response.removeHeader("www-authenticate");
      if (identity.role === "viewer" && isChange(request) && !deps.isReadOnly(request)) {
        throw new PublicError("forbidden", "a viewer may look, but not change anything");
      }
      identities.set(request, identity);
      next();
    },
    identityOf(request) {
      const identity = identities.get(request);
      if (identity === undefined) throw new Error("the call has not passed the guard");
      return identity;
    },
  };
}

const WRONG_TOKEN = { action: "Call with a wrong token", path: "/api" };

/** Rejects when the call has neither a token nor a session that holds. */
async function identify(request: Request, { checkToken, sessions }: AccessDeps): Promise<Identity> {
  const header = request.get("authorization");
  if (header !== undefined) {
    const [, token] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
    if (token === undefined) throw missingKey();
    const role = await checkToken(request, { token, via: "token", what: WRONG_TOKEN });
    return { role, via: "token", session: "" };
  }
  const session = sessionOf(request, sessions);
  if (isChange(request)) checkOrigin(request, session);
  return { role: session.role, via: "panel", session: session.name };
}

/** Throws when nobody is signed in. */
export function sessionOf(request: Request, sessions: Sessions): Session {
  const id = sessionIdOf(request);
  if (id === null) throw missingKey();
  const session = sessions.find(id);
  if (session === null) throw new PublicError("invalid_key", "the session has ended; sign in again");
  return session;
}

/** Throws unless the call comes from the panel's own page. */
export function checkOrigin(request: Request, { csrfToken }: Session): void {
  refuseOtherSites(request);
  if (!timingSafeEqual(sha256(request.get(CSRF_HEADER) ?? ""), sha256(csrfToken))) {
    throw new PublicError("forbidden", `a change needs the session's CSRF token as ${CSRF_HEADER}`);
  }
}

export function refuseOtherSites(request: Request): void {
  const site = request.get("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw new PublicError("forbidden", "the call comes from another site");
  }
}

function isChange({ method }: Request): boolean {
  return method !== "GET" && method !== "HEAD";
}

function missingKey(): PublicError {
  return new PublicError(
    "missing_key",
    "send `Authorization: Bearer <admin token>`, or sign in at the panel",
  );
}
