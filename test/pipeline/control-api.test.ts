import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Topic } from "../../ingest/event-log.ts";
import { listRoutes } from "../security/support/routes.ts";
import { ADMIN_TOKEN, jsonObject, startTestControl, type TestControl } from "./test-control.ts";

let control: TestControl;
beforeAll(async () => {
  control = await startTestControl();
});
afterAll(() => control.close());

const call: TestControl["call"] = (...given) => control.call(...given);

async function recordsOf(topic: Topic): Promise<Record<string, unknown>[]> {
  const records: Record<string, unknown>[] = [];
  for await (const event of control.log.scan(topic, 0)) records.push({ ...event });
  return records;
}

const openApi = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.looseObject({}))) });

async function describedCalls(): Promise<{ method: string; path: string }[]> {
  const { body } = await call("GET", "/api/openapi.json");
  const { paths } = openApi.parse(body);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, "x"),
    })),
  );
  return described;
}

it("every call that express has a handler for is in the OpenAPI description", async () => {
  const { body } = await call("GET", "/api/openapi.json");
  const { paths } = openApi.parse(body);
  // Routes of a mounted router know their paths below it alone: there is one, for the session.
  const calls = listRoutes(control.app)
    .map(
      ({ method, path }) =>
        `${method.toLowerCase()} ${path === "/" && method !== "GET" ? "/api/session" : path}`,
    )
    .filter((each) => each.includes(" /api"));
  expect(new Set(calls)).toContain("get /api/live");
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
  );
  expect(new Set(described)).toEqual(new Set([...calls, "post /api/session", "get /api/session"]));
});

describe("who may call", () => {
  it("no route below /api answers without the admin's token", async () => {
    const calls = await describedCalls();
    expect(calls.length).toBeGreaterThan(25);
    // The sign-in is what gives access.
    for (const { method, path } of calls.filter((each) => each.path !== "/api/session")) {
      const response = await fetch(control.url + path, { method });
      expect([method, path, response.status]).toEqual([method, path, 401]);
      expect(await jsonObject(response)).toMatchObject({ error: { code: "missing_key" } });
    }
  });

  it.each(["wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1), ADMIN_TOKEN.toUpperCase()])(
    "the token %s is refused",
    async (token) => {
      const response = await fetch(`${control.url}/api/keys`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(response.status).toBe(401);
      expect(await jsonObject(response)).toMatchObject({ error: { code: "invalid_key" } });
    },
  );

  it("what does not exist below /api is not told to strangers", async () => {
    expect((await fetch(`${control.url}/api/nothing-here`)).status).toBe(401);
    expect((await fetch(`${control.url}/API/keys`)).status).toBe(401);
  });

  it("probes and the front page need no token", async () => {
    for (const path of ["/healthz", "/readyz", "/"]) {
      expect((await fetch(control.url + path)).status).toBe(200);
    }
  });
});

describe("errors", () => {
  it("have OpenAI's shape whatever is wrong", async () => {
    const cases = [
      [await call("GET", "/api/nothing"), 404, "not_found"],
      [await call("PATCH", "/api/keys"), 405, "method_not_allowed"],
      [await call("POST", "/api/keys", { name: "x".repeat(300_000) }), 413, "body_too_large"],
      [await call("POST", "/api/keys", {}), 400, "invalid_request"],
      [await call("GET", "/api/users/%E0%A4%A"), 400, "invalid_request"],
      [await call("GET", "/api/metrics/realtime"), 503, "warehouse_unavailable"],
    ] as const;
    for (const [answer, status, code] of cases) {
      expect(answer.body).toMatchObject({
        error: { code, message: expect.any(String), type: expect.any(String) },
      });
      expect(answer.status).toBe(status);
    }
  });

  it("a body that is not JSON is invalid_json, another type is refused", async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const send = (type: string) =>
      fetch(`${control.url}/api/keys`, {
        method: "POST",
        headers: { ...headers, "content-type": type },
        body: "{name",
      });
    expect(await jsonObject(await send("application/json"))).toMatchObject({
      error: { code: "invalid_json" },
    });
    expect(await jsonObject(await send("text/plain"))).toMatchObject({
      error: { code: "unsupported_media_type" },
    });
  });

  it.each([
    ["2,000 levels", `${"[".repeat(2_000)}${"]".repeat(2_000)}`],
    ["half of a surrogate pair", '{"name":"\\ud83d"}'],
    ["half of a surrogate pair in a field's name", '{"\\ude00":1}'],
    ["half of a surrogate pair deep inside", '{"params":{"a":[{"b":"x\\ud83d"}]}}'],
  ])("every call that takes a body refuses %s as invalid_json", async (_what, body) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    const { body: description } = await call("GET", "/api/openapi.json");
    const calls = Object.entries(openApi.parse(description).paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { requestBody }]) => requestBody !== undefined)
        .map(([method]) => ({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, "x") })),
    );
    expect(calls.length).toBeGreaterThan(5);
    for (const { method, path } of calls) {
      const response = await fetch(control.url + path, { method, headers, body });
      expect([method, path, response.status]).toEqual([method, path, 400]);
      expect(await jsonObject(response)).toMatchObject({ error: { code: "invalid_json" } });
    }
  });

  it("a wrong method says which are right", async () => {
    expect((await call("PATCH", "/api/keys")).headers.get("allow")).toBe("POST, GET");
  });

  it("a wrong field is named, with what is wrong about it", async () => {
    expect((await call("POST", "/api/keys", { name: 3 })).body).toMatchObject({ error: { param: "name" } });
    expect((await call("POST", "/api/keys", { name: "a", nam: "b" })).body).toMatchObject({
      error: { param: "nam" },
    });
    const { body } = await call("POST", "/api/directives", {
      reason: "r",
      expiresInSeconds: 60,
      kind: "nope",
    });
    expect(body).toMatchObject({
      error: { param: "kind", message: expect.stringContaining("fallback-mode") },
    });
    expect(
      (
        await call("POST", "/api/directives", {
          kind: "rate-limit",
          params: { scope: "user" },
          reason: "r",
          expiresInSeconds: 60,
        })
      ).body,
    ).toMatchObject({ error: { param: "params.requestsPerMinute" } });
  });
});

describe("keys", () => {
  it("a key is shown once, and the log holds only its hash", async () => {
    const made = await call("POST", "/api/keys", { name: "app one" });
    expect(made.status).toBe(201);
    const { id, key } = z.object({ id: z.string(), key: z.string() }).parse(made.body);
    const records = await recordsOf("keys");
    const sha256 = createHash("sha256").update(key).digest("hex");
    expect(records).toContainEqual(expect.objectContaining({ type: "created", id, key_sha256: sha256 }));
    expect(JSON.stringify(records)).not.toContain(key);
    const listed = await call("GET", "/api/keys");
    expect(JSON.stringify(listed.body)).not.toContain(key);
    expect(listed.body).toMatchObject({ keys: expect.arrayContaining([expect.objectContaining({ id })]) });
  });

  it("a revoked key stays listed as revoked, and revoking again changes nothing", async () => {
    const { body } = await call("POST", "/api/keys", { name: "app two" });
    const first = await call("DELETE", `/api/keys/${body.id}`);
    const again = await call("DELETE", `/api/keys/${body.id}`);
    expect(first.body).toMatchObject({ id: body.id, revokedAt: expect.any(Number) });
    expect(again.body).toEqual(first.body);
    expect((await call("DELETE", "/api/keys/unknown")).status).toBe(404);
  });
});

describe("users", () => {
  it("a tier that was set is read back at once", async () => {
    const put = await call("PUT", "/api/users/u1", { tier: "premium" });
    expect(put.body).toMatchObject({ id: "u1", tier: "premium", tierUpdatedAt: expect.any(Number) });
    const got = await call("GET", "/api/users/u1");
    expect(got.body).toMatchObject({ id: "u1", tier: "premium", usage: { user: "u1" } });
  });

  it("changes in the same millisecond are kept in their order", async () => {
    for (const tier of ["free", "premium", "unlimited", "free", "premium"]) {
      expect((await call("PUT", "/api/users/u2", { tier })).body).toMatchObject({ tier });
    }
  });

  it("an unknown tier is refused with the tiers that there are", async () => {
    const { status, body } = await call("PUT", "/api/users/u3", { tier: "gold" });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { param: "tier", message: expect.stringContaining("free, premium, unlimited") },
    });
    expect((await call("GET", "/api/users/u3")).status).toBe(404);
  });

  it("an erased user is gone, and may come back as a new one", async () => {
    await call("PUT", "/api/users/u4", { tier: "premium" });
    expect((await call("DELETE", "/api/users/u4")).body).toEqual({ id: "u4", erased: true });
    expect((await call("GET", "/api/users/u4")).status).toBe(404);
    expect((await call("DELETE", "/api/users/u4")).status).toBe(404);
    expect((await call("PUT", "/api/users/u4", { tier: "free" })).body).toMatchObject({ tier: "free" });
  });

  it("pages through all users, each once", async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `page-${String(index).padStart(2, "0")}`);
    await Promise.all(ids.map((id) => call("PUT", `/api/users/${id}`, { tier: "free" })));
    const page = z.object({
      users: z.array(z.object({ id: z.string() })),
      nextCursor: z.string().nullable(),
    });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const answer = page.parse(
        (await call("GET", `/api/users?search=page-&limit=10&cursor=${cursor}`)).body,
      );
      seen.push(...answer.users.map(({ id }) => id));
      cursor = answer.nextCursor;
    }
    expect(seen).toEqual(ids);
  });

  it("an id that would break a header is refused", async () => {
    expect((await call("PUT", "/api/users/a%0Ab", { tier: "free" })).body).toMatchObject({
      error: { param: "id" },
    });
  });
});

describe("directives", () => {
  const order = { kind: "route", params: { prefer: ["cheap"] }, reason: "test", expiresInSeconds: 60 };

  it("is in force until it is revoked, and stays in the history", async () => {
    const made = await call("POST", "/api/directives", order);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ kind: "route", state: "active", issuedBy: { type: "admin" } });
    const { id } = made.body;
    expect((await call("GET", "/api/directives")).body).toMatchObject({
      active: expect.arrayContaining([expect.objectContaining({ id })]),
    });
    expect((await call("DELETE", `/api/directives/${id}`)).body).toMatchObject({ id, state: "revoked" });
    expect((await call("GET", "/api/directives")).body).toMatchObject({
      past: expect.arrayContaining([expect.objectContaining({ id, state: "revoked" })]),
    });
    expect((await call("DELETE", `/api/directives/${id}`)).status).toBe(409);
    expect((await call("DELETE", "/api/directives/unknown")).status).toBe(404);
  });

  it("one that names what the catalog does not have is refused", async () => {
    const answer = await call("POST", "/api/directives", { ...order, params: { prefer: ["nobody"] } });
    expect(answer.body).toMatchObject({
      error: { param: "params.prefer", message: expect.stringContaining("dear, middle, cheap") },
    });
    const tier = { kind: "tier-limit", params: { tier: "gold" }, reason: "r", expiresInSeconds: 60 };
    expect((await call("POST", "/api/directives", tier)).body).toMatchObject({
      error: { param: "params.tier" },
    });
  });

  it("one that never ends is refused", async () => {
    for (const expiresInSeconds of [undefined, 0, -1, 1e9, null]) {
      expect((await call("POST", "/api/directives", { ...order, expiresInSeconds })).status).toBe(400);
    }
  });
});

describe("emergency controls", () => {
  const why = { reason: "cost spike", minutes: 5 };

  it.each([
    ["pause-non-premium", {}],
    ["fallback-mode", {}],
    ["emergency-budget", { dailyUsd: 50 }],
    ["rate-limit", { requestsPerMinute: 60, scope: "global" }],
  ])("%s goes on, is shown, and is ended", async (name, params) => {
    const on = await call("PUT", `/api/emergency/${name}`, { ...params, ...why });
    expect(on.body).toMatchObject({ kind: name, params, reason: "cost spike", state: "active" });
    expect((await call("GET", "/api/emergency")).body).toMatchObject({ [name]: { active: true } });
    expect((await call("DELETE", `/api/emergency/${name}`)).body).toEqual({ ended: [on.body.id] });
    expect((await call("GET", "/api/emergency")).body).toMatchObject({ [name]: { active: false } });
    expect((await call("DELETE", `/api/emergency/${name}`)).body).toEqual({ ended: [] });
  });

  it("setting one again replaces it, and leaves the limit of the other scope alone", async () => {
    await call("PUT", "/api/emergency/rate-limit", { requestsPerMinute: 60, scope: "user", ...why });
    await call("PUT", "/api/emergency/rate-limit", { requestsPerMinute: 900, scope: "global", ...why });
    await call("PUT", "/api/emergency/rate-limit", { requestsPerMinute: 500, scope: "global", ...why });
    const limits = control.directory.directives
      .active(Date.now())
      .filter(({ kind }) => kind === "rate-limit");
    expect(limits.map(({ params }) => params)).toEqual([
      { requestsPerMinute: 60, scope: "user" },
      { requestsPerMinute: 500, scope: "global" },
    ]);
    await call("DELETE", "/api/emergency/rate-limit");
  });

  it("work while the warehouse is down", async () => {
    expect((await call("GET", "/api/decisions")).status).toBe(503);
    expect((await call("PUT", "/api/emergency/fallback-mode", why)).status).toBe(200);
    await call("DELETE", "/api/emergency/fallback-mode");
  });
});

describe("costs and catalog", () => {
  it("a cost becomes an event in whole nano-dollars", async () => {
    const cost = {
      kind: "invoice",
      provider: "dear",
      amountUsd: 12.345678901,
      from: "2026-10-01",
      to: "2026-10-31",
    };
    const made = await call("POST", "/api/costs", cost);
    expect(made.status).toBe(201);
    expect(await recordsOf("costs")).toContainEqual(
      expect.objectContaining({ event_id: made.body.id, amount: 12_345_678_901, note: "" }),
    );
    expect((await call("POST", "/api/costs", { ...cost, to: "2026-09-30" })).body).toMatchObject({
      error: { param: "to" },
    });
    expect((await call("POST", "/api/costs", { ...cost, provider: "" })).body).toMatchObject({
      error: { param: "provider" },
    });
  });

  it("the catalog is shown in dollars, no limit as null", async () => {
    const { body } = await call("GET", "/api/catalog");
    expect(body).toMatchObject({
      version: "test",
      tiers: expect.arrayContaining([
        expect.objectContaining({ name: "unlimited", dailyRequests: null, weeklyBudget: 50 }),
      ]),
      safeguards: { dailyBudget: 200 },
    });
  });
});

describe("an edit of the catalog that was refused", () => {
  it("is shown with each of its errors, beside the version that stays in use", async () => {
    const problems = [
      { path: "tiers.free.dailyRequests", message: "must be a whole number" },
      { path: "timezone", message: "is no time zone" },
    ];
    const edited = await startTestControl({ catalogProblems: () => problems });
    try {
      const { body } = await edited.call("GET", "/api/catalog");
      expect(body).toMatchObject({ version: "test", refusedEdit: problems });
    } finally {
      await edited.close();
    }
    expect((await call("GET", "/api/catalog")).body).toMatchObject({ refusedEdit: [] });
  });
});

describe("fallback mode", () => {
  it("is told for each tier: the fallback provider, its cheapest where it may not use that, nobody when that is drained", async () => {
    const fallbacks = async () => {
      const { body } = await call("GET", "/api/catalog");
      const shown = z.object({
        tiers: z.array(z.object({ name: z.string(), fallbackProvider: z.string().nullable() })),
      });
      return Object.fromEntries(
        shown.parse(body).tiers.map(({ name, fallbackProvider }) => [name, fallbackProvider]),
      );
    };
    expect(await fallbacks()).toEqual({ free: "cheap", premium: "cheap", unlimited: "dear" });
    const drain = { kind: "provider", params: { provider: "dear", action: "drain" } };
    const made = await call("POST", "/api/directives", { ...drain, reason: "a test", expiresInSeconds: 60 });
    expect(made.status).toBe(201);
    expect(await fallbacks()).toEqual({ free: "cheap", premium: "cheap", unlimited: null });
    await call("DELETE", `/api/directives/${made.body.id}`);
  });
});

describe("when the gateway is down", () => {
  it("its counters are an error, and everything else works", async () => {
    const down = async (): Promise<never> => {
      throw new TypeError("fetch failed");
    };
    const lonely = await startTestControl({ usageOf: down, gatewayTotals: down });
    await lonely.call("PUT", "/api/users/u1", { tier: "free" });
    for (const path of ["/api/users/u1", "/api/metrics/reconciliation"]) {
      const answer = await lonely.call("GET", path);
      expect(answer.body).toMatchObject({ error: { code: "not_ready" } });
      expect(answer.status).toBe(503);
    }
    expect((await lonely.call("GET", "/api/users")).body).toMatchObject({ total: 1 });
    await lonely.close();
  });
});

describe("after a restart", () => {
  it("everything is as before, because it comes from the log", async () => {
    await call("PUT", "/api/users/stays", { tier: "premium" });
    const before = await call("GET", "/api/keys");
    const second = await startTestControl({ log: control.log });
    try {
      expect((await second.call("GET", "/api/keys")).body).toEqual(before.body);
      expect((await second.call("GET", "/api/users/stays")).body).toMatchObject({ tier: "premium" });
    } finally {
      await second.close();
    }
  });
});
