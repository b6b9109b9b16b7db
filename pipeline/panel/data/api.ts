import * as z from "zod/mini";
import { problem, type SessionInfo, session, sessionState } from "./shapes/session.ts";

/** A refusal of the control API, or no answer at all (status 0); the message is for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

export type ChangeMethod = "POST" | "PUT" | "DELETE";

/** The control API as the one who is signed in. Every call throws {@link ApiError}. */
export interface Api {
  readonly session: SessionInfo;
  get<Shape extends z.ZodMiniType>(path: string, shape: Shape): Promise<z.output<Shape>>;
  change(method: ChangeMethod, path: string, body?: unknown): Promise<void>;
  /** A question whose answer depends on a body: it changes nothing. */
  ask<Shape extends z.ZodMiniType>(path: string, body: unknown, shape: Shape): Promise<z.output<Shape>>;
  /** Signs out when the session has ended, for streams, which do not tell why they end. */
  checkSession(): Promise<void>;
}

const CSRF_HEADER = "x-vigor-csrf";
const TIMEOUT_MS = 20_000;

/** `onSignedOut`: the session has ended, by itself or elsewhere. */
export function openApi(signedIn: SessionInfo, onSignedOut: () => void): Api {
  const send = async (path: string, init: RequestInit): Promise<unknown> => {
    try {
      return await request(path, init);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) onSignedOut();
      throw error;
    }
  };
  const sendBody = (method: ChangeMethod, path: string, body: unknown): Promise<unknown> => {
    const headers = { "content-type": "application/json", [CSRF_HEADER]: signedIn.csrfToken };
    return send(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  };
  return {
    session: signedIn,
    get: async (path, shape) => parse(path, shape, await send(path, {})),
    change: async (method, path, body) => void (await sendBody(method, path, body)),
    ask: async (path, body, shape) => parse(path, shape, await sendBody("POST", path, body)),
    async checkSession() {
      if ((await currentSession()) === null) onSignedOut();
    },
  };
}

export async function signIn(token: string): Promise<SessionInfo> {
  const answer = await request("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  return parse("/api/session", session, answer);
}

/** null: nobody is signed in. */
export async function currentSession(): Promise<SessionInfo | null> {
  return parse("/api/session", sessionState, await request("/api/session", {})).session;
}

async function request(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {
    throw new ApiError(0, "unreachable", "the control API does not answer");
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const refusal = z.safeParse(problem, body);
  if (refusal.success) {
    const { code, message } = refusal.data.error;
    throw new ApiError(response.status, code, message);
  }
  throw new ApiError(response.status, "unknown", `the control API answered ${response.status}`);
}

/** An answer of another shape is another version's: better no number than a wrong one. */
function parse<Shape extends z.ZodMiniType>(path: string, shape: Shape, answer: unknown): z.output<Shape> {
  const parsed = z.safeParse(shape, answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = `${path} ${issue?.path.join(".") ?? ""}`.trim();
  throw new ApiError(200, "unexpected", `the answer is not understood (${where}); reload the page`);
}
