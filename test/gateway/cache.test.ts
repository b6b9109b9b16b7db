import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const NOON_MS = Date.UTC(2026, 10, 24, 12, 0, 30);
const MINUTE_MS = 60_000;
const features = {
  plan: { cache: { minutes: 60 } },
  advice: { cache: { minutes: 60, scope: "shared" } },
  chat: {},
};
const highLoad = { requestsPerMinute: 5, concurrentUsers: 1_000, userRequestsPerMinute: 1_000 };

let gateway: TestGateway;
let nowMs = NOON_MS;
const directories: string[] = [];

async function open(options: TestGatewayOptions = {}): Promise<void> {
  gateway = await startTestGateway({
    now: () => nowMs,
    catalog: testCatalog({ features }),
    ...options,
  });
}
afterEach(async () => {
  nowMs = NOON_MS;
  await gateway.close();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

interface Asking {
  readonly user?: string;
  readonly feature?: string;
  readonly body?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

async function ask({ user = "ada", feature = "plan", body = {}, headers = {} }: Asking = {}) {
  const response = await gateway.post(
    { model: "auto", messages: [{ role: "user", content: "a plan" }], ...body },
    { "x-vigor-user": user, "x-vigor-feature": feature, ...headers },
  );
  const text = await response.text();
  return { cache: response.headers.get("x-vigor-cache"), response, text };
}

const calls = (): number =>
  Object.values(gateway.provider.books()).reduce((sum, book) => sum + (book?.calls ?? 0), 0);

describe("the cache", () => {
  it("gives an answer again, byte for byte, as a request without cost that says what it saved", async () => {
    await open();
    const first = await ask();
    const again = await ask();
    expect([first.cache, again.cache]).toEqual(["miss", "hit"]);
    expect(again.text).toBe(first.text);
    expect(calls()).toBe(1);
    expect(again.response.headers.get("x-vigor-cost-usd")).toBe("0");
    expect(again.response.headers.get("x-vigor-provider")).toBe("cheap");
    expect(again.response.headers.get("x-ratelimit-remaining-requests")).toBe("8");
    const [made, cached] = await gateway.events();
    expect(made).toMatchObject({ outcome: "ok", cache_saved: 0 });
    expect(cached).toMatchObject({
      outcome: "cached",
      provider: "",
      attempts: [],
      cost: 0,
      cache_saved: made?.cost,
      input_tokens: 0,
      route_reason: "cache",
    });
  });

  it("counts a cached answer as a request, and denies it where none is left", async () => {
    await open();
    for (let at = 0; at < 10; at++) expect((await ask()).response.status).toBe(200);
    const denied = await ask();
    expect(denied.response.status).toBe(429);
    expect(denied.text).toContain("daily_requests_exceeded");
    expect(calls()).toBe(1);
  });

  it("never gives one user's answer to another one, unless the feature is shared", async () => {
    await open();
    await ask({ user: "ada" });
    expect((await ask({ user: "bob" })).cache).toBe("miss");
    await ask({ user: "ada", feature: "advice" });
    expect((await ask({ user: "bob", feature: "advice" })).cache).toBe("hit");
    expect(calls()).toBe(3);
  });

  it("never gives a tier an answer of a provider that the tier may not use", async () => {
    await open();
    await gateway.setTier("rich", "unlimited");
    await waitFor(
      "the tier",
      async () =>
        (await ask({ user: "rich", feature: "chat" })).response.headers.get("x-vigor-tier") === "unlimited",
    );
    const rich = await ask({ user: "rich", feature: "advice", body: { model: "best" } });
    expect(rich.cache).toBe("miss");
    const poor = await ask({ user: "ada", feature: "advice", body: { model: "best" } });
    expect(poor.response.status).toBe(403);
    await ask({ user: "rich", feature: "advice" });
    expect((await ask({ user: "ada", feature: "advice" })).cache).toBe("miss");
  });

  it("is for the features that the catalog names, and for who does not say no-store", async () => {
    await open();
    for (const asking of [{ feature: "chat" }, { headers: { "cache-control": "no-store" } }]) {
      expect((await ask(asking)).cache).toBe("bypass");
      expect((await ask(asking)).cache).toBe("bypass");
    }
    expect((await ask()).cache).toBe("miss");
    expect((await ask({ headers: { "cache-control": "no-store" } })).cache).toBe("bypass");
    expect((await ask({ headers: { "cache-control": "no-cache" } })).cache).toBe("miss");
    expect((await ask()).cache).toBe("hit");
    expect(calls()).toBe(7);
  });

  it("replays streams as streams, and never to who asked for JSON", async () => {
    await open();
    const first = await ask({ body: { stream: true } });
    const again = await ask({ body: { stream: true } });
    expect(again.cache).toBe("hit");
    expect(again.text).toBe(first.text);
    expect(again.response.headers.get("content-type")).toContain("text/event-stream");
    expect(first.text).not.toContain('"usage":{');
    const json = await ask();
    expect(json.cache).toBe("miss");
    expect(json.response.headers.get("content-type")).toContain("application/json");
    const told = await ask({ body: { stream: true, stream_options: { include_usage: true } } });
    expect(told.cache).toBe("miss");
    expect(told.text).toContain('"usage":{');
  });

  it.each(["500", "429", "400", "broken-json", "html", "cut", "reset"])(
    "keeps nothing of an answer that went wrong: %s",
    async (simulate_error) => {
      await open();
      for (const stream of [false, true]) {
        const body = { stream, metadata: { simulate_error } };
        const first = await ask({ body });
        expect(first.cache).not.toBe("hit");
        expect((await ask({ body })).cache).not.toBe("hit");
      }
      expect(gateway.running.gateway.cache.size().entries).toBe(0);
    },
  );

  it("lets equal requests wait for one call, and bills it once", async () => {
    await open();
    const body = { metadata: { simulate_latency_ms: "300" } };
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask({ body })));
    expect(answers.map(({ cache }) => cache).sort()).toEqual([...Array(7).fill("hit"), "miss"]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(calls()).toBe(1);
    const events = await gateway.events();
    expect(events.filter(({ cost }) => cost > 0)).toHaveLength(1);
  });

  it("lets those that waited call for themselves when the one call failed", async () => {
    await open();
    const body = { metadata: { simulate_latency_ms: "100", simulate_error: "400" } };
    const answers = await Promise.all(Array.from({ length: 3 }, () => ask({ body })));
    expect(answers.map(({ response }) => response.status)).toEqual([400, 400, 400]);
    expect(gateway.running.gateway.cache.flights.flying()).toBe(0);
  });

  it("lets those that waited call for themselves when the one that called left", async () => {
    await open();
    const body = { stream: true, metadata: { simulate_latency_ms: "400" } };
    const leave = new AbortController();
    const leader = fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${gateway.key}`,
        "x-vigor-user": "ada",
        "x-vigor-feature": "plan",
      },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "a plan" }], ...body }),
      signal: leave.signal,
    }).then((response) => response.text());
    await waitFor("the one call", () => calls() === 1);
    const waiting = [ask({ body }), ask({ body })];
    leave.abort();
    await expect(leader).rejects.toThrow("abort");
    const answers = await Promise.all(waiting);
    expect(answers.map(({ cache, response }) => [cache, response.status])).toEqual([
      ["miss", 200],
      ["miss", 200],
    ]);
    expect(gateway.running.gateway.cache.flights.flying()).toBe(0);
  });

  it("forgets after the catalog's minutes, which a directive makes more, fewer or none", async () => {
    await open();
    await ask();
    nowMs += 59 * MINUTE_MS;
    expect((await ask()).cache).toBe("hit");
    nowMs += 2 * MINUTE_MS;
    expect((await ask()).cache).toBe("miss");
    nowMs += 61 * MINUTE_MS;
    await gateway.direct({ kind: "cache", params: { multiplyMinutes: 2 } }, 10 * 3_600_000);
    await waitFor("the directive", () => gateway.running.gateway.controls.current().caches.length > 0);
    expect((await ask()).cache).toBe("hit");
    await gateway.direct({ kind: "cache", params: { multiplyMinutes: 0 } }, 10 * 3_600_000);
    await waitFor("the directive", () => gateway.running.gateway.controls.current().caches.length > 1);
    expect((await ask()).cache).toBe("bypass");
  });

  it("keeps answers longer while the load is high", async () => {
    await open({ catalog: testCatalog({ features, routing: { highLoad } }) });
    await ask();
    nowMs += 61 * MINUTE_MS;
    for (let at = 0; at < 5; at++) await ask({ user: `user-${at}`, feature: "chat" });
    expect(gateway.running.gateway.load.aggressiveCaching()).toBe(true);
    expect((await ask()).cache).toBe("hit");
  });

  it("is there again after a restart, but for answers that are over", async () => {
    const directory = await mkdtemp(join(tmpdir(), "vigor-cache-"));
    directories.push(directory);
    await open({ directory });
    const first = await ask();
    const stream = await ask({ body: { stream: true } });
    await gateway.close();
    await open({ directory });
    const [again, streamed] = [await ask(), await ask({ body: { stream: true } })];
    expect([again.cache, streamed.cache]).toEqual(["hit", "hit"]);
    expect([again.text, streamed.text]).toEqual([first.text, stream.text]);
    expect(calls()).toBe(0);
    nowMs += 61 * MINUTE_MS;
    await gateway.close();
    await open({ directory });
    expect((await ask()).cache).toBe("miss");
  });

  it("does not give an erased user's answers to who comes with the same id", async () => {
    await open();
    await ask();
    nowMs += 1_000;
    const erased = {
      type: "erased",
      event_id: crypto.randomUUID(),
      user_id: "ada",
      ts: nowMs,
      actor: "test",
    };
    await gateway.log.append("users", [{ key: "ada", value: Buffer.from(JSON.stringify(erased)) }]);
    const { directory } = gateway.running.gateway;
    const events = await gateway.events();
    const ada = events[0]?.user_id;
    if (ada === undefined || ada === "") throw new Error("there is no event");
    await waitFor("the erasure", () => directory.user(ada) === null);
    nowMs += 1_000;
    expect((await ask()).cache).toBe("miss");
  });
});
