import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Catalog } from "../../models/domain/catalog.ts";
import { userBucket } from "../../models/policy/user-bucket.ts";
import { checkChain } from "../../pipeline/decision-chain.ts";
import { openDirectory } from "../../pipeline/directory.ts";
import { checkDecisions } from "../../pipeline/jobs/check-decisions.ts";
import { decideJob } from "../../pipeline/jobs/decide.ts";
import { verifyDecisions } from "../../pipeline/jobs/verify.ts";
import { recordDirectives } from "../../pipeline/record-event.ts";
import { testCatalog } from "./test-catalog.ts";
import { startTestControl, type TestControl } from "./test-control.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;
const MINUTE_MS = 60_000;

let pipeline: TestPipeline;
let control: TestControl;
let catalog: Catalog = testCatalog();
let nowMs = Date.now();

beforeAll(async () => {
  pipeline = await startTestPipeline();
  control = await startTestControl({
    log: pipeline.log,
    warehouse: pipeline.server.warehouse,
    catalog: () => catalog,
    now: () => nowMs,
  });
});
afterAll(async () => {
  await control.close();
  await pipeline.close();
});
beforeEach(async () => {
  nowMs = Date.now() - 20 * MINUTE_MS;
  await pipeline.clear("request_events", "spend_quarter_hours", "decisions", "decision_chain", "alerts");
});
afterEach(async () => {
  nowMs = Date.now();
  await control.call("PUT", "/api/automation/stop", { reason: "the test is over", minutes: 60 });
  await control.call("DELETE", "/api/automation/stop");
});

const planted = {
  when: "daily_budget > 0.0",
  then: { action: "switch-provider", provider: "middle" },
  cooldownMinutes: 0,
  expiresMinutes: 60,
  verifyMinutes: 15,
};

function useRule(rule: { readonly name: string }, mode = "act"): void {
  catalog = testCatalog({
    targetDailySpend: 10,
    mode,
    maxChangesPerHour: 1000,
    rules: [{ ...planted, ...rule }],
  });
  pipeline.useCatalog(catalog);
}

/** Requests of 200 users in turn, spread over the minutes from a moment on. */
async function spread(
  fromMs: number,
  { minutes = 10, requests = 400, of = (_userId: string): object => ({}) } = {},
): Promise<void> {
  const stepMs = (minutes * MINUTE_MS) / requests;
  await pipeline.store(
    Array.from({ length: requests }, (_, index) => {
      const userId = `user-${index % 200}`;
      return recentRequest(Math.floor(fromMs + index * stepMs), {
        user_id: userId,
        tier: "premium",
        provider: "cheap",
        attempts: [{ provider: "cheap", outcome: "ok", ms: 400 }],
        cost: USD / 1000,
        latency_ms: 400,
        ...of(userId),
      });
    }),
  );
}

const inForce = () => pipeline.deps.directory.directives.active(nowMs);

const decisionRow = z.object({
  id: z.string(),
  outcome: z.string(),
  verdict: z.string(),
  effect: z.string(),
});

const decisions = () =>
  pipeline.server.warehouse.query({
    sql: "SELECT toString(id) AS id, outcome, verdict, verified_effect AS effect FROM decisions FINAL ORDER BY decisions.ts, decisions.id",
    row: decisionRow,
  });

describe("a rule that is tried on a share of the users", () => {
  it("holds for those users first, is compared with the others, and is then for all", async () => {
    useRule({ name: "careful", ...{ rolloutShare: 0.5 } });
    const issuedMs = nowMs;
    await spread(issuedMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, issuedMs);
    expect(inForce()).toMatchObject([{ share: 0.5 }]);
    // The evening makes everybody dearer: no harm of the directive.
    await spread(issuedMs + 1, { minutes: 14, of: () => ({ cost: USD / 500 }) });
    nowMs = issuedMs + 15 * MINUTE_MS;
    await verifyDecisions(pipeline.deps, nowMs);
    const [first, second] = await decisions();
    expect([first?.verdict, second?.outcome, second?.verdict]).toEqual(["widened", "fired", ""]);
    expect(JSON.parse(first?.effect ?? "")).toMatchObject({ controlled: true });
    const [wide, ...rest] = inForce();
    expect([wide?.share, rest]).toEqual([undefined, []]);
  });

  it("is taken back when only those users are worse off", async () => {
    useRule({ name: "careless", ...{ rolloutShare: 0.5 } });
    const issuedMs = nowMs;
    await spread(issuedMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, issuedMs);
    await spread(issuedMs + 1, {
      minutes: 4,
      of: (id) =>
        userBucket(id) < 0.5 ? { outcome: "failed", denial_reason: "provider_error", cost: 0 } : {},
    });
    nowMs = issuedMs + 5 * MINUTE_MS;
    await verifyDecisions(pipeline.deps, nowMs);
    expect(await decisions()).toMatchObject([{ verdict: "rolled-back" }]);
    expect(inForce()).toEqual([]);
  });
});

describe("a decision that an admin rolls back", () => {
  const shown = async () => {
    const { body } = await control.call("GET", "/api/decisions");
    const answer = z.object({ decisions: z.array(z.record(z.string(), z.unknown())) }).parse(body);
    return answer.decisions.at(-1);
  };
  const rollBack = async (atMs: number) => {
    nowMs = atMs;
    const [directive] = inForce();
    await control.call("DELETE", `/api/directives/${directive?.id ?? ""}`);
  };

  it("stays rolled back, with who and when, after a restart and however often it is verified", async () => {
    useRule({ name: "taken-back" });
    const issuedMs = nowMs;
    await spread(issuedMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, issuedMs);
    await spread(issuedMs + 1, { minutes: 14 });
    await rollBack(issuedMs + 5 * MINUTE_MS);
    const ended = {
      verdict: "rolled-back",
      revoked: { by: "admin", ts: issuedMs + 5 * MINUTE_MS, reason: "revoked by the admin" },
    };
    await verifyDecisions(pipeline.deps, issuedMs + 6 * MINUTE_MS);
    expect(await shown()).toMatchObject(ended);
    const directory = await openDirectory({ log: pipeline.log });
    await verifyDecisions({ ...pipeline.deps, directory }, issuedMs + 16 * MINUTE_MS);
    await directory.close();
    expect(await shown()).toMatchObject(ended);
    const again = await decideJob()(pipeline.deps, issuedMs + 17 * MINUTE_MS);
    expect(again.details).toMatchObject({ outcomes: { "taken-back": "blocked" } });
  });

  it("is rolled back although verification had kept it before", async () => {
    useRule({ name: "kept-first" });
    const issuedMs = nowMs;
    await spread(issuedMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, issuedMs);
    await spread(issuedMs + 1, { minutes: 14 });
    await verifyDecisions(pipeline.deps, issuedMs + 15 * MINUTE_MS);
    expect(await shown()).toMatchObject({ verdict: "kept", revoked: null });
    await rollBack(issuedMs + 16 * MINUTE_MS);
    await verifyDecisions(pipeline.deps, issuedMs + 17 * MINUTE_MS);
    expect(await shown()).toMatchObject({ verdict: "rolled-back", revoked: { by: "admin" } });
  });
});

it("a process that died between a roll-back and its record says rolled back when it is there again", async () => {
  useRule({ name: "died" });
  const issuedMs = nowMs;
  await spread(issuedMs - 10 * MINUTE_MS);
  await decideJob()(pipeline.deps, issuedMs);
  await spread(issuedMs + 1, { minutes: 14 });
  const [directive] = inForce();
  if (directive === undefined) throw new Error("nothing was issued");
  const by = { type: "rule", name: "verification" } as const;
  const reason = "rolled back: more requests fail";
  const ts = issuedMs + 5 * MINUTE_MS;
  await recordDirectives(pipeline.deps, [{ type: "revoked", id: directive.id, by, reason, ts }]);
  await verifyDecisions(pipeline.deps, issuedMs + 15 * MINUTE_MS);
  const { body } = await control.call("GET", "/api/decisions");
  expect(body).toMatchObject({
    decisions: [{ verdict: "rolled-back", revoked: { by: "verification", reason, ts } }],
  });
});

it("tells how sure the metrics were that a decision was made on", async () => {
  useRule({ name: "sampled", ...{ when: "error_rate < 0.9 && daily_budget > 0.0" } }, "observe");
  nowMs = Date.now();
  await spread(nowMs - MINUTE_MS, { minutes: 1, requests: 60 });
  await decideJob()(pipeline.deps, nowMs);
  const { body } = await control.call("GET", "/api/decisions");
  // Wilson's interval of 0 failures in 60: up to 1.96² / (60 + 1.96²).
  const error_rate = { value: 0, low: 0, high: expect.closeTo(0.0602, 4), sample: 60 };
  expect(body).toMatchObject({ decisions: [{ estimates: { error_rate } }] });
  expect(JSON.stringify(body)).not.toContain('"estimates":{"daily_budget"');
});

describe("the kill switch", () => {
  it("takes back what rules have in force, lets them do nothing while it holds, and can be lifted", async () => {
    useRule({ name: "stopped" });
    await spread(nowMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, nowMs);
    expect(inForce()).toHaveLength(1);
    const stopped = await control.call("PUT", "/api/automation/stop", { reason: "it is strange" });
    expect(stopped.body).toMatchObject({ mode: "act", stopped: { reason: "it is strange" }, active: [] });
    await pipeline.deps.directory.catchUp("directives");
    expect(inForce().map(({ kind }) => kind)).toEqual(["pause-automation"]);
    const idle = await decideJob()(pipeline.deps, nowMs + 1000);
    expect(idle.summary).toBe("the automation is stopped");
    const lifted = await control.call("DELETE", "/api/automation/stop");
    expect(lifted.body).toMatchObject({ stopped: null });
    const again = await decideJob()(pipeline.deps, nowMs + 2000);
    expect(again.details).toMatchObject({ outcomes: { stopped: "fired" } });
  });
});

describe("a person's word", () => {
  it("rejects what waits for approval: nothing is issued, and the reason is kept", async () => {
    useRule({ name: "asking" }, "approve");
    await spread(nowMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, nowMs);
    const [waiting] = await decisions();
    const path = `/api/decisions/${waiting?.id ?? ""}`;
    expect(await control.call("POST", `${path}/reject`, { reason: "not today" })).toMatchObject({
      status: 200,
      body: { outcome: "rejected" },
    });
    expect(inForce()).toEqual([]);
    expect(await control.call("POST", `${path}/approve`)).toMatchObject({ status: 409 });
    const { body } = await control.call("GET", "/api/decisions");
    expect(body).toMatchObject({ decisions: [{ outcome: "rejected" }] });
    expect(JSON.stringify(body)).toContain("rejected: not today");
  });

  it("may say that a new rule only observes while the others act", async () => {
    useRule({ name: "new-rule", ...{ mode: "observe" } });
    await spread(nowMs - 10 * MINUTE_MS);
    await decideJob()(pipeline.deps, nowMs);
    expect(await decisions()).toMatchObject([{ outcome: "observed" }]);
    expect(inForce()).toEqual([]);
  });
});

describe("before a person acts", () => {
  it("tells whom a control would have touched in the last day, and changes nothing", async () => {
    await spread(nowMs - 10 * MINUTE_MS, { of: (id) => ({ tier: id.endsWith("1") ? "free" : "premium" }) });
    const { status, body } = await control.call("POST", "/api/whatif", {
      kind: "pause-non-premium",
      params: {},
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      hours: 24,
      effect: { requests: 400, users: 200, usersAffected: 20, newlyDenied: 40, premiumDeniedShare: 0 },
    });
    expect(inForce()).toEqual([]);
  });

  it("says so when there is nothing to try it on, and refuses names that do not exist", async () => {
    const nothing = await control.call("POST", "/api/whatif", { kind: "fallback-mode", params: {} });
    expect(nothing.body).toEqual({ hours: 24, effect: null });
    const unknown = { kind: "provider", params: { provider: "gone", action: "drain" } };
    expect(await control.call("POST", "/api/whatif", unknown)).toMatchObject({ status: 400 });
  });
});

describe("the history of decisions", () => {
  it("stays whole when several write at once, and raises one alert when it was changed", async () => {
    useRule({ name: "watched" }, "observe");
    await spread(nowMs - 10 * MINUTE_MS);
    await Promise.all([0, 1, 2].map((step) => decideJob()(pipeline.deps, nowMs + step)));
    expect(await checkChain(pipeline.server.warehouse)).toMatchObject({ entries: 3, brokenAt: null });
    expect((await control.call("GET", "/api/decisions/verify")).body).toMatchObject({ brokenAt: null });
    await checkDecisions(pipeline.deps, nowMs);
    expect(await alerts()).toEqual([]);
    await pipeline.server.warehouse.command(
      "ALTER TABLE decision_chain UPDATE document = replace(document, 'observed', 'fired') WHERE seq = 2 SETTINGS mutations_sync = 1",
    );
    await checkDecisions(pipeline.deps, nowMs);
    await checkDecisions(pipeline.deps, nowMs + MINUTE_MS);
    expect(await alerts()).toMatchObject([{ kind: "decision-history-changed", status: "open" }]);
  });

  const alerts = () =>
    pipeline.server.warehouse.query({
      sql: "SELECT kind, status FROM alerts FINAL",
      row: z.object({ kind: z.string(), status: z.string() }),
    });
});
