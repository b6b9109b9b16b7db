import { afterEach, beforeEach, expect, it } from "vitest";
import { CSRF_HEADER } from "../../../pipeline/control/access-guard.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../test-control.ts";
import { attempt, signIn } from "./browser-session.ts";

let control: TestControl;
beforeEach(async () => {
  control = await startTestControl();
});
afterEach(() => control.close());

async function recorded(): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const action of control.log.scan("actions", 0)) found.push(action);
  return found;
}

it("what a program does with the token is written down before it is answered, with what was sent and about whom", async () => {
  await control.call("PUT", "/api/users/ada", { tier: "free" });
  expect(await recorded()).toEqual([
    expect.objectContaining({
      role: "admin",
      via: "token",
      session: "",
      method: "PUT",
      path: "/api/users/:id",
      subject: "ada",
      details: '{"tier":"free"}',
      status: 200,
      error: "",
    }),
  ]);
});

it("what is refused is written down with the reason", async () => {
  await control.call("PUT", "/api/users/ada", { tier: "no-such-tier" });
  await control.call("DELETE", "/api/directives/no-such-directive");
  expect(await recorded()).toEqual([
    expect.objectContaining({ status: 400, error: "invalid_request" }),
    expect.objectContaining({ status: 404, error: "not_found", subject: "no-such-directive" }),
  ]);
});

it("a session's actions carry its name from sign-in to sign-out, and never a token", async () => {
  await attempt(control.url, "a-wrong-token");
  const panel = await signIn(control.url, ADMIN_TOKEN);
  const headers = { [CSRF_HEADER]: panel.session.csrfToken };
  const body = { reason: "too dear", minutes: 5 };
  await panel.call("PUT", "/api/emergency/fallback-mode", { body, headers });
  await panel.call("DELETE", "/api/session", { headers });
  const actions = await recorded();
  const session = expect.stringMatching(/^[0-9a-f]{8}$/);
  expect(actions).toEqual([
    expect.objectContaining({
      role: "nobody",
      action: "Sign in at the panel",
      error: "invalid_key",
      details: "",
    }),
    expect.objectContaining({ role: "admin", action: "Sign in at the panel", session }),
    expect.objectContaining({ path: "/api/emergency/fallback-mode", session, details: JSON.stringify(body) }),
    expect.objectContaining({ action: "Sign out", session }),
  ]);
  const text = JSON.stringify(actions);
  for (const secret of [ADMIN_TOKEN, "a-wrong-token", panel.session.csrfToken, panel.cookie]) {
    expect(text).not.toContain(secret);
  }
});

it("looking is not written down", async () => {
  await control.call("GET", "/api/users");
  await control.call("POST", "/api/whatif", { kind: "fallback-mode", params: {} });
  expect(await recorded()).toEqual([]);
});
