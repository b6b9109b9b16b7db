import { z } from "zod";
import { type Answer, jsonObject } from "../test-control.ts";

const session = z.object({ role: z.string(), csrfToken: z.string(), expiresAt: z.number() });
type Session = z.output<typeof session>;

/** A signed-in panel, with what its browser keeps. */
export interface BrowserSession {
  readonly session: Session;
  /** `name=value`, as it is sent back. */
  readonly cookie: string;
  /** The whole header that set it. */
  readonly setCookie: string;
  call(
    method: string,
    path: string,
    more?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
}

export async function signIn(url: string, token: string): Promise<BrowserSession> {
  const response = await attempt(url, token);
  if (response.status !== 201) throw new Error(`the sign-in gave ${response.status}`);
  const setCookie = response.headers.get("set-cookie") ?? "";
  const cookie = setCookie.split(";")[0] ?? "";
  return {
    session: session.parse(await response.json()),
    cookie,
    setCookie,
    async call(method, path, { body, headers = {} } = {}) {
      const answer = await fetch(url + path, {
        method,
        headers: { cookie, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, headers: answer.headers, body: await jsonObject(answer) };
    },
  };
}

export function attempt(url: string, token: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ token }),
  });
}
