import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CSRF_HEADER } from "../../pipeline/control/access-guard.ts";
import { signIn } from "../pipeline/control/browser-session.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../pipeline/test-control.ts";
import { report } from "./support/attempts.ts";
import { fillPath, listRoutes, type ServedRoute } from "./support/routes.ts";

const VIEWER_TOKEN = "a-viewer-token-for-tests";
/** Whoever asks may have these: they tell nothing that is not in the documentation. */
const OPEN_PATHS: readonly string[] = ["/healthz", "/readyz", "/", "/panel/:file", "/api/session"];
/** A viewer may ask what a directive would do. */
const READ_ONLY_POSTS: readonly string[] = ["/api/whatif"];
const SECRET_TOPICS = ["keys", "users", "directives", "costs"] as const;

let control: TestControl;
let guarded: readonly ServedRoute[];
beforeAll(async () => {
  control = await startTestControl({ viewerToken: VIEWER_TOKEN, reportsDir: "/nowhere" });
  guarded = listRoutes(control.app).filter(({ path }) => !OPEN_PATHS.includes(path));
});
afterAll(() => control.close());

const isChange = ({ method, path }: ServedRoute): boolean =>
  method !== "GET" && !READ_ONLY_POSTS.includes(path);

function call(route: ServedRoute, headers: Record<string, string>, query = ""): Promise<Response> {
  return fetch(control.url + fillPath(route.path) + query, {
    method: route.method,
    redirect: "manual",
    headers: { ...(route.method === "GET" ? {} : { "content-type": "application/json" }), ...headers },
    ...(route.method === "GET" ? {} : { body: "{}" }),
  });
}

/** Each route is tried; those that answer otherwise than with one of the statuses are returned. */
async function findLeaks(
  what: string,
  routes: readonly ServedRoute[],
  {
    statuses,
    headers,
    query,
  }: { statuses: readonly number[]; headers: Record<string, string>; query?: string },
): Promise<string[]> {
  const leaks: string[] = [];
  for (const route of routes) {
    const response = await call(route, headers, query);
    if (!statuses.includes(response.status)) leaks.push(`${route.method} ${route.path}: ${response.status}`);
    await response.body?.cancel();
  }
  await report({ what: `control API, ${what}`, tried: routes.length, refused: routes.length - leaks.length });
  return leaks;
}

describe("every guarded route of the control API", () => {
  it("is in the list: keys, users, directives, controls, the live stream, the reports", () => {
    const paths = guarded.map(({ method, path }) => `${method} ${path}`);
    for (const known of [
      "POST /api/keys",
      "DELETE /api/users/:id",
      "PUT /api/emergency/rate-limit",
      "GET /api/live",
    ])
      expect(paths).toContain(known);
    expect(paths.some((path) => path.includes("/reports"))).toBe(true);
    expect(guarded.length).toBeGreaterThan(40);
  });

  it.each([
    ["no credential", {}, ""],
    ["an empty bearer", { authorization: "Bearer " }, ""],
    ["a wrong token", { authorization: "Bearer wrong" }, ""],
    ["the token without its last character", { authorization: `Bearer ${ADMIN_TOKEN.slice(0, -1)}` }, ""],
    ["the token in another case", { authorization: `Bearer ${ADMIN_TOKEN.toUpperCase()}` }, ""],
    ["the token as a password", { authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }, ""],
    ["the token in the query", {}, `?token=${ADMIN_TOKEN}&access_token=${ADMIN_TOKEN}`],
    ["the token in another header", { "x-api-key": ADMIN_TOKEN, cookie: `token=${ADMIN_TOKEN}` }, ""],
    ["a forged session", { cookie: "vigor_session=forged" }, ""],
    ["the token as a session", { cookie: `vigor_session=${ADMIN_TOKEN}` }, ""],
    ["a claim to be a proxy's friend", { "x-forwarded-for": "127.0.0.1", "x-forwarded-user": "admin" }, ""],
  ])("refuses %s", async (what, headers: Record<string, string>, query) => {
    expect(await findLeaks(what, guarded, { statuses: [401, 429], headers, query })).toEqual([]);
  });

  it("refuses a session that was signed out", async () => {
    const session = await signIn(control.url, ADMIN_TOKEN);
    const csrf = { [CSRF_HEADER]: session.session.csrfToken };
    await session.call("DELETE", "/api/session", { headers: csrf });
    const headers = { cookie: session.cookie, ...csrf };
    expect(await findLeaks("a session that was signed out", guarded, { statuses: [401], headers })).toEqual(
      [],
    );
  });

  it("that changes something refuses a viewer, by token and by session", async () => {
    const changing = guarded.filter(isChange);
    const byToken = { authorization: `Bearer ${VIEWER_TOKEN}` };
    expect(await findLeaks("a viewer's token", changing, { statuses: [403], headers: byToken })).toEqual([]);
    const { cookie, session } = await signIn(control.url, VIEWER_TOKEN);
    const bySession = { cookie, [CSRF_HEADER]: session.csrfToken };
    expect(await findLeaks("a viewer's session", changing, { statuses: [403], headers: bySession })).toEqual(
      [],
    );
  });

  it("that changes something refuses an admin's browser that another site has sent", async () => {
    const changing = guarded.filter(({ method }) => method !== "GET");
    const mine = await signIn(control.url, ADMIN_TOKEN);
    const other = await signIn(control.url, ADMIN_TOKEN);
    const sameToken = { cookie: mine.cookie, [CSRF_HEADER]: mine.session.csrfToken };
    const tries: Record<string, Record<string, string>> = {
      "no CSRF token": { cookie: mine.cookie },
      "another session's CSRF token": { cookie: mine.cookie, [CSRF_HEADER]: other.session.csrfToken },
      "a call from another site": { ...sameToken, "sec-fetch-site": "cross-site" },
      "a call from a sibling site": { ...sameToken, "sec-fetch-site": "same-site" },
    };
    for (const [what, headers] of Object.entries(tries)) {
      expect(await findLeaks(what, changing, { statuses: [403], headers }), what).toEqual([]);
    }
  });

  it("has changed nothing by all that", async () => {
    for (const topic of SECRET_TOPICS) {
      for await (const record of control.log.scan(topic, 0))
        throw new Error(`${topic}: ${JSON.stringify(record)}`);
    }
  });
});
