import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

/** Noon of a Tuesday, so that no window ends while a test runs. */
const NOON_MS = Date.UTC(2026, 10, 24, 12, 0, 30);
const ask = { model: "auto", messages: [{ role: "user", content: "hello" }] };

let gateway: TestGateway;
let nowMs = NOON_MS;

async function open(options: TestGatewayOptions = {}): Promise<void> {
  nowMs = NOON_MS;
  gateway = await startTestGateway({ now: () => nowMs, ...options });
}
afterEach(() => gateway.close());

const post = (user: string) => gateway.post(ask, { "x-vigor-user": user });

async function codeOf(response: Response): Promise<string> {
  const { error } = z
    .looseObject({ error: z.object({ code: z.string() }).optional() })
    .parse(await response.json());
  return error?.code ?? "";
}

function rateHeaders({ headers }: Response) {
  return {
    limit: headers.get("x-ratelimit-limit-requests"),
    remaining: headers.get("x-ratelimit-remaining-requests"),
    reset: headers.get("x-ratelimit-reset-requests"),
  };
}

describe("the limits of requests", () => {
  it("are told with every answer and denial, and a denial's retry-after is when the day is over", async () => {
    await open();
    const first = await post("ada");
    expect(rateHeaders(first)).toEqual({ limit: "10", remaining: "9", reset: "11h59m30s" });
    await first.text();
    for (let at = 0; at < 9; at++) await (await post("ada")).text();
    const denied = await post("ada");
    expect(denied.status).toBe(429);
    expect(rateHeaders(denied)).toEqual({ limit: "10", remaining: "0", reset: "11h59m30s" });
    expect(denied.headers.get("retry-after")).toBe(String(12 * 3600 - 30));
    expect(await codeOf(denied)).toBe("daily_requests_exceeded");
    nowMs += 12 * 3_600_000;
    expect((await post("ada")).status).toBe(200);
  });

  it("are told of streams, and not of who has none", async () => {
    await open();
    await gateway.setTier("rich", "unlimited");
    await waitFor("the tier", () => isOfTier("rich", "unlimited"));
    expect(rateHeaders(await post("rich"))).toEqual({ limit: null, remaining: null, reset: null });
    const stream = await gateway.post({ ...ask, stream: true }, { "x-vigor-user": "ada" });
    expect(rateHeaders(stream).remaining).toBe("9");
    await stream.text();
  });

  it.each([
    ["of a tier", { requestsPerMinute: 2 }, null],
    ["of a directive for each user", {}, { requestsPerMinute: 2, scope: "user" as const }],
    ["of a directive for all users together", {}, { requestsPerMinute: 2, scope: "global" as const }],
  ])("a minute, %s, deny with the time until the minute is over", async (_whose, tier, params) => {
    const free = {
      weeklyBudget: 1,
      monthlyBudget: 1,
      dailyRequests: 50,
      allowedProviders: ["cheap"],
      ...tier,
    };
    await open({ catalog: testCatalog({ tiers: { free } }) });
    if (params !== null) {
      await gateway.direct({ kind: "rate-limit", params }, 600_000);
      await waitFor("the directive", () => gateway.running.gateway.controls.current().version.includes("+"));
    }
    expect(rateHeaders(await post("ada"))).toEqual({ limit: "2", remaining: "1", reset: "30s" });
    await post("ada");
    const denied = await post("ada");
    expect(denied.headers.get("retry-after")).toBe("30");
    expect(await codeOf(denied)).toBe("rate_limited");
    const other = await post("bob");
    expect(other.status).toBe(params?.scope === "global" ? 429 : 200);
    nowMs += 30_000;
    expect((await post("ada")).status).toBe(200);
  });
});

describe("a tier change", () => {
  it("takes effect with the next request and resets nothing that was spent", async () => {
    await open();
    for (let at = 0; at < 10; at++) await (await post("ada")).text();
    expect((await post("ada")).status).toBe(429);
    const before = await usageOf("ada");
    await gateway.setTier("ada", "premium");
    await waitFor("the tier", () => isOfTier("ada", "premium"));
    const after = await usageOf("ada");
    expect(after).toMatchObject({ tier: "premium", dailyRequestsUsed: 10 });
    for (const scope of ["day", "week", "month"] as const) {
      expect(after.scopes[scope].used).toBe(before.scopes[scope].used);
      expect(after.scopes[scope].used).toBeGreaterThan(0);
    }
    const served = await post("ada");
    expect(served.headers.get("x-vigor-provider")).toBe("good");
    expect(rateHeaders(served).remaining).toBe("989");
    await gateway.setTier("ada", "free");
    await waitFor("the tier", () => isOfTier("ada", "free"));
    expect(await codeOf(await post("ada"))).toBe("daily_requests_exceeded");
  });
});

describe("GET /v1/usage", () => {
  it("counts the requests of the day, the week and the month, each until it is over", async () => {
    await open();
    await (await post("ada")).text();
    expect(await usageOf("ada")).toMatchObject({
      dailyRequestsUsed: 1,
      weeklyRequestsUsed: 1,
      monthlyRequestsUsed: 1,
      lastResetDate: "2026-11-24",
    });
    nowMs += 24 * 3_600_000;
    await (await post("ada")).text();
    expect(await usageOf("ada")).toMatchObject({
      dailyRequestsUsed: 1,
      weeklyRequestsUsed: 2,
      monthlyRequestsUsed: 2,
      lastResetDate: "2026-11-25",
    });
    nowMs += 7 * 24 * 3_600_000;
    expect(await usageOf("ada")).toMatchObject({
      dailyRequestsUsed: 0,
      weeklyRequestsUsed: 0,
      monthlyRequestsUsed: 0,
      lastResetDate: "2026-12-02",
      scopes: { day: { limit: 10, resetsAt: "2026-12-03T00:00:00Z" } },
    });
  });
});

describe("the hour of the day", () => {
  it("is the wall clock's on the day on which the clock goes back", async () => {
    const routing = { peakHours: ["18:00"], peakProviders: ["fallback"], fallbackProvider: "fallback" };
    await open({ catalog: testCatalog({ timezone: "Europe/Berlin", routing }) });
    nowMs = Date.parse("2026-10-25T17:30:00Z");
    expect((await post("ada")).headers.get("x-vigor-provider")).toBe("fallback");
    nowMs = Date.parse("2026-10-25T18:00:00Z");
    expect((await post("ada")).headers.get("x-vigor-provider")).toBe("cheap");
  });
});

describe("high load", () => {
  it("limits each user, prefers cheap providers and is told of, until a minute was calm", async () => {
    const highLoad = { requestsPerMinute: 8, concurrentUsers: 500, providers: [], userRequestsPerMinute: 2 };
    let skippedMs = 0;
    await open({
      catalog: testCatalog({ routing: { highLoad, fallbackProvider: "fallback" } }),
      monotonicMs: () => performance.now() + skippedMs,
    });
    await gateway.setTier("rich", "unlimited");
    await waitFor("the tier", () => isOfTier("rich", "unlimited"));
    expect((await post("rich")).headers.get("x-vigor-provider")).toBe("best");
    for (let at = 0; at < 7; at++) await (await post(`user-${at}`)).text();
    expect(await readiness()).toMatchObject({ highLoad: true, requestsPerMinute: 8, concurrentUsers: 8 });
    expect(gateway.running.gateway.load.aggressiveCaching()).toBe(true);
    expect((await post("rich")).headers.get("x-vigor-provider")).toBe("cheap");
    await (await post("ada")).text();
    await (await post("ada")).text();
    expect(await codeOf(await post("ada"))).toBe("rate_limited");

    skippedMs += 60_000;
    await gateway.running.gateway.load.look(gateway.running.gateway.controls.current());
    expect(await readiness()).toMatchObject({ highLoad: true, requestsPerMinute: 0 });
    skippedMs += 60_000;
    await waitFor("the end of high load", async () => !(await readiness()).highLoad);
    expect((await post("rich")).headers.get("x-vigor-provider")).toBe("best");
    const changes = await waitFor("both changes", async () => {
      const found = await conditionChanges();
      return found.length >= 2 ? found : null;
    });
    expect(changes).toEqual(["normal>high", "high>normal"]);
  });
});

describe("more requests than the gateway can work on", () => {
  it("are answered 503 with a time to come back, those that do not pay first, and each leaves its event", async () => {
    await open({
      limits: { maxInFlight: 4, freeShare: 0.5, maxWaiting: 4, maxWaitMs: 20_000, maxOpen: 1_000 },
    });
    const users = Array.from({ length: 24 }, (_, at) => `${at % 2 === 0 ? "free" : "payer"}-${at}`);
    const payers = users.filter((user) => user.startsWith("payer"));
    for (const user of payers) await gateway.setTier(user, "unlimited");
    await waitFor("the tiers", () => payers.every((user) => isOfTier(user, "unlimited")));
    const slow = { ...ask, metadata: { simulate_latency_ms: "300", simulate_output_tokens: "5" } };
    const answers = await Promise.all(
      users.map(async (user) => {
        const response = await gateway.post(slow, { "x-vigor-user": user });
        return { user, code: await codeOf(response), retryAfter: response.headers.get("retry-after") };
      }),
    );
    const shed = answers.filter(({ code }) => code !== "");
    expect(shed.map(({ code }) => code)).toEqual(shed.map(() => "overloaded"));
    for (const { retryAfter } of shed) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
    const shedOf = (kind: string) => shed.filter(({ user }) => user.startsWith(kind)).length;
    expect(shedOf("free")).toBeGreaterThan(shedOf("payer"));
    const events = await gateway.events();
    expect(events).toHaveLength(users.length);
    expect(events.filter(({ denial_reason }) => denial_reason === "overloaded")).toHaveLength(shed.length);
  });

  it("more than can be kept open are refused before their bodies are read", async () => {
    await open({ limits: { maxOpen: 0 } });
    const response = await post("ada");
    expect(response.status).toBe(503);
    expect(await codeOf(response)).toBe("overloaded");
    expect((await gateway.events())[0]).toMatchObject({ outcome: "denied", denial_reason: "overloaded" });
  });
});

function isOfTier(user: string, tier: string): boolean {
  const id = z.string().brand<"UserId">().parse(user);
  return gateway.running.gateway.directory.user(id)?.tier === tier;
}

const scope = z.looseObject({ used: z.number(), reserved: z.number() });
const usage = z.looseObject({
  tier: z.string(),
  scopes: z.looseObject({ day: scope, week: scope, month: scope }),
});

async function usageOf(user: string) {
  const response = await fetch(`${gateway.url}/v1/usage`, {
    headers: { authorization: `Bearer ${gateway.key}`, "x-vigor-user": user },
  });
  return usage.parse(await response.json());
}

async function readiness() {
  const response = await fetch(`${gateway.url}/readyz`);
  return z.looseObject({ highLoad: z.boolean() }).parse(await response.json());
}

async function conditionChanges(): Promise<string[]> {
  const changes: string[] = [];
  for await (const event of gateway.log.scan("directives", 0))
    if (event.type === "condition") changes.push(`${event.from}>${event.to}`);
  return changes;
}
