import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGatewayServer } from "../../gateway/server.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { report } from "./support/attempts.ts";
import { applicationOf, fillPath, listRoutes, type ServedRoute } from "./support/routes.ts";

/** For load balancers and Prometheus, on the inside. */
const OPEN_PATHS: readonly string[] = ["/healthz", "/readyz", "/metrics"];
const REVOKED_KEY = "vk-revoked-key-of-a-test";

let gateway: TestGateway;
let guarded: readonly ServedRoute[];
beforeAll(async () => {
  gateway = await startTestGateway();
  const server = createGatewayServer(gateway.running.gateway, { ready: () => true, serving: () => true });
  guarded = listRoutes(applicationOf(server)).filter(({ path }) => !OPEN_PATHS.includes(path));
  const key_sha256 = createHash("sha256").update(REVOKED_KEY).digest("hex");
  await append({ type: "created", id: "revoked", name: "revoked", key_sha256, ts: Date.now() });
  await waitFor(
    "the key",
    async () => (await ask("/v1/models", { authorization: `Bearer ${REVOKED_KEY}` })).ok,
  );
  await append({ type: "revoked", id: "revoked", ts: Date.now() });
  await waitFor(
    "its end",
    async () => !(await ask("/v1/models", { authorization: `Bearer ${REVOKED_KEY}` })).ok,
  );
});
afterAll(() => gateway.close());

const append = (event: object) =>
  gateway.log.append("keys", [{ key: "revoked", value: Buffer.from(JSON.stringify(event)) }]);
const ask = (path: string, headers: Record<string, string>) => fetch(gateway.url + path, { headers });

async function findLeaks(
  what: string,
  {
    headers,
    query = "",
    statuses = [401],
  }: { headers: Record<string, string>; query?: string; statuses?: readonly number[] },
): Promise<string[]> {
  const leaks: string[] = [];
  for (const { method, path } of guarded) {
    const body = JSON.stringify({ model: "auto", messages: [{ role: "user", content: "hi" }], input: "hi" });
    const response = await fetch(gateway.url + fillPath(path) + query, {
      method,
      headers: { "content-type": "application/json", "x-vigor-user": "mallory", ...headers },
      ...(method === "GET" ? {} : { body }),
    });
    if (!statuses.includes(response.status)) leaks.push(`${method} ${path}: ${response.status}`);
    await response.body?.cancel();
  }
  await report({ what: `gateway, ${what}`, tried: guarded.length, refused: guarded.length - leaks.length });
  return leaks;
}

describe("every guarded route of the gateway", () => {
  it("is in the list: chat, responses, embeddings, models, usage, feedback, totals", () => {
    const paths = guarded.map(({ method, path }) => `${method} ${path}`);
    for (const known of [
      "POST /v1/chat/completions",
      "POST /v1/feedback",
      "GET /v1/usage",
      "GET /internal/totals",
    ])
      expect(paths).toContain(known);
  });

  it.each([
    ["no key", {}, ""],
    ["a wrong key", { authorization: "Bearer wrong" }, ""],
    ["a revoked key", { authorization: `Bearer ${REVOKED_KEY}` }, ""],
    [
      "the hash of a key",
      { authorization: `Bearer ${createHash("sha256").update(REVOKED_KEY).digest("hex")}` },
      "",
    ],
    ["a key's id", { authorization: "Bearer test" }, ""],
    ["a prototype's name", { authorization: "Bearer __proto__" }, ""],
    ["a key that is too long", { authorization: `Bearer ${"k".repeat(5_000)}` }, ""],
  ])("refuses %s", async (what, headers: Record<string, string>, query) => {
    expect(await findLeaks(what, { headers, query, statuses: [401, 403] })).toEqual([]);
  });

  it("refuses the right key in the wrong place", async () => {
    const places: Record<string, { headers: Record<string, string>; query?: string }> = {
      "the key in the query": { headers: {}, query: `?key=${gateway.key}&api_key=${gateway.key}` },
      "the key in another header": { headers: { "x-api-key": gateway.key, cookie: `key=${gateway.key}` } },
      "the key as a password": { headers: { authorization: `Basic ${btoa(`key:${gateway.key}`)}` } },
      "the key with another's behind it": { headers: { authorization: `Bearer ${gateway.key} wrong` } },
    };
    for (const [what, attempt] of Object.entries(places)) {
      expect(await findLeaks(what, { ...attempt, statuses: [401] }), what).toEqual([]);
    }
  });

  it("that tells of everybody refuses an app's key", async () => {
    const response = await ask("/internal/totals", { authorization: `Bearer ${gateway.key}` });
    expect(response.status).toBe(403);
    await report({ what: "gateway, an app asks for everybody's totals", tried: 1, refused: 1 });
  });

  it("has called no provider, and made no user known, by all that", async () => {
    expect(gateway.provider.books()).toEqual({});
    for await (const event of gateway.log.scan("users", 0)) throw new Error(JSON.stringify(event));
    expect(await gateway.events()).toEqual([]);
  });
});
