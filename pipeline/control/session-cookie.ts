import type { Request, Response } from "express";
import { SESSION_MS } from "./sessions.ts";

const NAME = "vigor_session";

/** The session's id that the browser sent; null: none. */
export function sessionIdOf(request: Request): string | null {
  const pairs = (request.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  const found = pairs.find((pair) => pair.startsWith(`${NAME}=`));
  return found === undefined ? null : found.slice(NAME.length + 1);
}

/** Scripts cannot read it, other sites' pages do not send it, and behind HTTPS it never travels without. */
export function setSessionCookie(request: Request, response: Response, id: string): void {
  response.cookie(NAME, id, { ...attributes(request), maxAge: SESSION_MS });
}

export function clearSessionCookie(request: Request, response: Response): void {
  response.clearCookie(NAME, attributes(request));
}

function attributes(request: Request) {
  const secure = request.secure || request.get("x-forwarded-proto") === "https";
  return { httpOnly: true, sameSite: "strict", secure, path: "/" } as const;
}
