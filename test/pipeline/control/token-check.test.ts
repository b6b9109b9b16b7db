import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_FAILURES_OF_ADDRESS, MAX_FAILURES_OF_ALL } from "../../../pipeline/control/failure-limit.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../test-control.ts";
import { attempt } from "./browser-session.ts";

let nowMs: number;
let control: TestControl;
beforeEach(async () => {
  nowMs = Date.now();
  control = await startTestControl({ now: () => nowMs, trustedProxies: ["loopback"] });
});
afterEach(() => control.close());

/** A call with a token, from a client behind the trusted proxy. */
function callFrom(address: string, token: string, path = "/api/keys"): Promise<Response> {
  return fetch(control.url + path, {
    headers: { authorization: `Bearer ${token}`, "x-forwarded-for": address },
  });
}

const signInFrom = (address: string, token: string): Promise<Response> =>
  attempt(control.url, token, { "x-forwarded-for": address });

async function audit() {
  const found = [];
  for await (const action of control.log.scan("actions", 0)) found.push(action);
  return found;
}

describe.each([
  ["a call with a token", callFrom],
  ["a sign-in at the panel", signInFrom],
])("%s", (_name, call) => {
  it("with a wrong token is answered 401, and written into the audit with the client's address and without the token", async () => {
    expect((await call("203.0.113.7", "a-wrong-token")).status).toBe(401);
    const actions = await audit();
    expect(actions).toEqual([
      expect.objectContaining({ role: "nobody", address: "203.0.113.7", status: 401, error: "invalid_key" }),
    ]);
    expect(JSON.stringify(actions)).not.toContain("a-wrong-token");
  });

  it("with wrong tokens again and again is answered 429 with the seconds to wait, and no longer written down", async () => {
    for (let failures = 0; failures < MAX_FAILURES_OF_ADDRESS; failures += 1) {
      expect((await call("203.0.113.7", "wrong")).status).toBe(401);
    }
    const refused = await call("203.0.113.7", "wrong");
    expect(refused.status).toBe(429);
    expect(await audit()).toHaveLength(MAX_FAILURES_OF_ADDRESS);
    nowMs += Number(refused.headers.get("retry-after")) * 1_000;
    expect((await call("203.0.113.7", "wrong")).status).toBe(401);
  });

  it("with the right token always passes, whatever failed before from the same address or from everywhere", async () => {
    for (let client = 0; client < MAX_FAILURES_OF_ALL + 1; client += 1) {
      await call(`198.51.100.${client % 250}`, "wrong");
    }
    expect((await call("203.0.113.9", "wrong")).status).toBe(429);
    for (const address of ["198.51.100.1", "203.0.113.9"]) {
      expect((await call(address, ADMIN_TOKEN)).ok).toBe(true);
    }
  });

  it("counts by the client that a trusted proxy names, so one client's failures are not another's", async () => {
    for (let failures = 0; failures <= MAX_FAILURES_OF_ADDRESS; failures += 1)
      await call("203.0.113.7", "wrong");
    expect((await call("203.0.113.8", "wrong")).status).toBe(401);
  });
});

it("wrong tokens at a route that does not exist, at the live stream and at the reports count, too", async () => {
  await control.close();
  control = await startTestControl({
    now: () => nowMs,
    trustedProxies: ["loopback"],
    reportsDir: "/nowhere",
  });
  for (const path of ["/api/no-such-route", "/api/live", "/reports/"]) {
    expect((await callFrom("203.0.113.7", "wrong", path)).status).toBe(401);
  }
  expect(await audit()).toHaveLength(3);
});

it("a client without a trusted proxy cannot choose its address", async () => {
  await control.close();
  control = await startTestControl({ now: () => nowMs });
  for (let failures = 0; failures <= MAX_FAILURES_OF_ADDRESS; failures += 1) {
    await callFrom(`203.0.113.${failures}`, "wrong");
  }
  expect((await callFrom("203.0.113.99", "wrong")).status).toBe(429);
  expect(new Set((await audit()).map(({ address }) => address))).toEqual(new Set(["127.0.0.1"]));
});
