import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { checkOrigin, type Identity, refuseOtherSites, sessionOf } from "./access-guard.ts";
import type { ActionRecord } from "./action-record.ts";
import { jsonBody } from "./json-body.ts";
import type { PlainCall } from "./openapi.ts";
import { clearSessionCookie, sessionIdOf, setSessionCookie } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { TokenCheck } from "./token-check.ts";

const MAX_BODY = "4kb";
const PATH = "/api/session";
const credentials = z.object({ body: z.strictObject({ token: z.string().min(1).max(1_000) }) });

const described = { path: PATH, status: 200, contentType: "application/json" } as const;
export const SESSION_CALLS: readonly PlainCall[] = [
  {
    ...described,
    method: "post",
    status: 201,
    summary: "Sign in at the panel",
    body: credentials.shape.body,
  },
  { ...described, method: "get", summary: "Who is signed in at the panel; null: nobody" },
  { ...described, method: "delete", summary: "Sign out" },
];

export interface SessionRoutesDeps {
  readonly checkToken: TokenCheck;
  readonly sessions: Sessions;
  readonly actions: ActionRecord;
}

/** `/api/session`: the panel's sign-in. POST opens a session, GET tells of it, DELETE ends it. */
export function sessionRoutes(deps: SessionRoutesDeps): Router {
  const { sessions } = deps;
  const router = Router();
  router.post("/", jsonBody(MAX_BODY), async (request: Request, response: Response) => {
    const { id, session } = await signIn(request, deps);
    setSessionCookie(request, response, id);
    response.status(201).json(shown(session));
  });
  router.get("/", (request, response) => {
    const id = sessionIdOf(request);
    const session = id === null ? null : sessions.find(id);
    response.json({ session: session === null ? null : shown(session) });
  });
  router.delete("/", (request, response) => signOut(request, response, deps));
  return router;
}

async function signIn(
  request: Request,
  { checkToken, sessions, actions }: SessionRoutesDeps,
): Promise<{ id: string; session: Session }> {
  refuseOtherSites(request);
  const { token } = credentials.parse({ body: request.body }).body;
  // The token is in the body, and the record writes down what it finds there.
  request.body = undefined;
  const what = { action: "Sign in at the panel", path: PATH };
  const role = await checkToken(request, { token, via: "panel", what });
  const opened = sessions.open(role);
  const who: Identity = { role, via: "panel", session: opened.session.name };
  return actions.around(request, { who, what }, () => Promise.resolve(opened));
}

async function signOut(
  request: Request,
  response: Response,
  { sessions, actions }: SessionRoutesDeps,
): Promise<void> {
  const session = sessionOf(request, sessions);
  checkOrigin(request, session);
  const who: Identity = { role: session.role, via: "panel", session: session.name };
  await actions.around(request, { who, what: { action: "Sign out", path: PATH } }, async () =>
    sessions.end(sessionIdOf(request) ?? ""),
  );
  clearSessionCookie(request, response);
  response.json({ ended: true });
}

function shown({ role, csrfToken, expiresAt }: Session) {
  return { role, csrfToken, expiresAt };
}
