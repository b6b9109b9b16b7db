import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CSRF_HEADER } from "../../../pipeline/control/access-guard.ts";
import { SESSION_MS } from "../../../pipeline/control/sessions.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../test-control.ts";
import { attempt, signIn } from "./browser-session.ts";

const VIEWER_TOKEN = "a-viewer-token-for-tests";
const PAUSE = { reason: "a test", minutes: 5 };

let nowMs: number;
let control: TestControl;
beforeEach(async () => {
  nowMs = Date.now();
  control = await startTestControl({ viewerToken: VIEWER_TOKEN, now: () => nowMs });
});
afterEach(() => control.close());

describe("signing in at the panel", () => {
  it("the cookie is out of reach for scripts and other sites, and does not hold the token", async () => {
    const { setCookie, cookie } = await signIn(control.url, ADMIN_TOKEN);
    expect(setCookie).toMatch(/HttpOnly/i);
    expect(setCookie).toMatch(/SameSite=Strict/i);
    expect(cookie).not.toContain(ADMIN_TOKEN);
  });

  it("behind HTTPS the cookie never travels without", async () => {
    const response = await attempt(control.url, ADMIN_TOKEN, { "x-forwarded-proto": "https" });
    expect(response.headers.get("set-cookie")).toMatch(/; Secure/i);
  });

  it.each(["", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1)])(
    "the token '%s' opens nothing",
    async (token) => {
      const response = await attempt(control.url, token);
      expect(response.status).toBe(token === "" ? 400 : 401);
      expect(response.headers.get("set-cookie")).toBeNull();
    },
  );

  it("another site's page cannot sign in", async () => {
    const response = await attempt(control.url, ADMIN_TOKEN, { "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(403);
  });
});

describe("a session", () => {
  it("ends when its time is over, when it is signed out, and with an unknown cookie there is none", async () => {
    const first = await signIn(control.url, ADMIN_TOKEN);
    expect((await first.call("GET", "/api/keys")).status).toBe(200);
    expect((await first.call("GET", "/api/session")).body).toMatchObject({ session: { role: "admin" } });
    nowMs += SESSION_MS;
    expect((await first.call("GET", "/api/keys")).status).toBe(401);
    expect((await first.call("GET", "/api/session")).body).toEqual({ session: null });

    const second = await signIn(control.url, ADMIN_TOKEN);
    const csrf = { [CSRF_HEADER]: second.session.csrfToken };
    expect((await second.call("DELETE", "/api/session", { headers: csrf })).status).toBe(200);
    expect((await second.call("GET", "/api/keys")).status).toBe(401);

    const forged = { headers: { cookie: "vigor_session=forged" } };
    expect((await second.call("GET", "/api/keys", forged)).status).toBe(401);
  });

  it("changes nothing without its own CSRF token, nor for another site", async () => {
    const mine = await signIn(control.url, ADMIN_TOKEN);
    const other = await signIn(control.url, ADMIN_TOKEN);
    const put = (headers: Record<string, string>) =>
      mine.call("PUT", "/api/emergency/pause-non-premium", { body: PAUSE, headers });
    for (const headers of [
      {},
      { [CSRF_HEADER]: "" },
      { [CSRF_HEADER]: other.session.csrfToken },
      { [CSRF_HEADER]: mine.session.csrfToken, "sec-fetch-site": "same-site" },
    ]) {
      expect((await put(headers)).status).toBe(403);
    }
    expect((await control.call("GET", "/api/directives")).body).toMatchObject({ active: [] });
    expect(
      (await put({ [CSRF_HEADER]: mine.session.csrfToken, "sec-fetch-site": "same-origin" })).status,
    ).toBe(200);
  });
});

describe("a viewer", () => {
  it.each(["panel", "token"])("known by the %s sees everything and changes nothing", async (via) => {
    const viewer = await signIn(control.url, VIEWER_TOKEN);
    const headers: Record<string, string> =
      via === "panel"
        ? { [CSRF_HEADER]: viewer.session.csrfToken }
        : { authorization: `Bearer ${VIEWER_TOKEN}`, cookie: "" };
    for (const path of ["/api/keys", "/api/users", "/api/directives", "/api/catalog"]) {
      expect((await viewer.call("GET", path, { headers })).status).toBe(200);
    }
    for (const [method, path] of [
      ["PUT", "/api/emergency/fallback-mode"],
      ["POST", "/api/keys"],
      ["DELETE", "/api/users/ada"],
      ["POST", "/api/directives"],
    ] as const) {
      expect((await viewer.call(method, path, { body: {}, headers })).body).toMatchObject({
        error: { code: "forbidden" },
      });
    }
  });

  it("may ask what a directive would do, which changes nothing", async () => {
    const viewer = await signIn(control.url, VIEWER_TOKEN);
    const headers = { [CSRF_HEADER]: viewer.session.csrfToken };
    const body = { kind: "pause-non-premium", params: {} };
    const answer = await viewer.call("POST", "/api/whatif", { body, headers });
    expect(answer.body).toMatchObject({ error: { code: "warehouse_unavailable" } });
  });
});

describe("the page", () => {
  it("may load nothing from elsewhere, run nothing that stands in it, and stand in no frame", async () => {
    const page = await fetch(`${control.url}/`);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await page.text()).not.toMatch(/<script(?![^>]*src=)/);
  });
});
