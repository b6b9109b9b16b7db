import { timingSafeEqual } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { type Role, type RoleOfToken, sha256 } from "./access-tokens.ts";
import { sessionIdOf } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";

export const CSRF_HEADER = "x-vigor-csrf";

/** Who calls, as far as the audit tells it. */
export interface Identity {
  /** `nobody`: a sign-in that failed. */
  readonly role: Role | "nobody";
  readonly via: "panel" | "token";
  /** The session's name; empty: none. */
  readonly session: string;
}

export interface AccessDeps {
  readonly roleOf: RoleOfToken;
  readonly sessions: Sessions;
  /** Calls that change nothing although their method could: a viewer may make them. */
  isReadOnly(request: Request): boolean;
}

/**
 * Lets through who has a token (`Authorization: Bearer`), or is signed in at the panel (cookie). Viewers may only look. A cookie
 * comes along by itself, so a change needs the session's CSRF token, too, and must come from the panel's own page.
 */
export function accessGuard(deps: AccessDeps): RequestHandler {
  return (request, response, next) => {
    response.set("www-authenticate", "Bearer");
    const { role } = identityOf(request, deps);
    response.removeHeader("www-authenticate");
    if (role === "viewer" && isChange(request) && !deps.isReadOnly(request)) {
      throw new PublicError("forbidden", "a viewer may look, but not change anything");
    }
    next();
  };
}

/** Throws when the call has neither a token nor a session that holds. */
export function identityOf(
  request: Request,
  { roleOf, sessions }: Pick<AccessDeps, "roleOf" | "sessions">,
): Identity {
  const header = request.get("authorization");
  if (header !== undefined) return { role: bearerRole(header, roleOf), via: "token", session: "" };
  const session = sessionOf(request, sessions);
  if (isChange(request)) checkOrigin(request, session);
  return { role: session.role, via: "panel", session: session.name };
}

function bearerRole(header: string, roleOf: RoleOfToken): Role {
  const [, token] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
  if (token === undefined) throw missingKey();
  const role = roleOf(token);
  if (role === null) throw new PublicError("invalid_key", "this is not the admin token");
  return role;
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
