import { afterAll, beforeAll, expect, it } from "vitest";
import { type Sink, startSink } from "../../ingest/sink.ts";
import { readAccount, UsageError } from "../../tools/usage/account.ts";
import { renderAccount } from "../../tools/usage/render-account.ts";
import { openWarehouse } from "../../warehouse/client.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

const ask = { model: "auto", messages: [{ role: "user", content: "hello" }] };
const SERVED = 10;

let server: TestWarehouse;
let gateway: TestGateway;
let sink: Sink;
let readonly: Warehouse;

beforeAll(async () => {
  [server, gateway] = await Promise.all([startTestWarehouse(), startTestGateway()]);
  sink = await startSink({
    log: gateway.records,
    warehouse: server.warehouse,
    now: Date.now,
    gatherMs: 10,
    onError: (error) => expect.unreachable(String(error)),
  });
  readonly = openWarehouse({ url: server.reportsUrl, readonly: true });
  // The last one is one too many for its tier.
  for (let at = 0; at <= SERVED; at++) await (await gateway.post(ask, { "x-vigor-user": "ada" })).text();
  await (await gateway.post(ask, { "x-vigor-user": "bob" })).text();
});

afterAll(async () => {
  await readonly.close();
  await sink.close();
  await gateway.close();
  await server.close();
});

const accountOf = (user: string, more: { limit?: number; denied?: boolean; adminToken?: string } = {}) =>
  readAccount({
    user,
    limit: 50,
    denied: false,
    warehouse: readonly,
    gatewayUrl: gateway.url,
    adminToken: gateway.adminToken,
    ...more,
  });

it("each charge of a user is there, and together they are what the gateway has counted", async () => {
  const account = await waitFor("all charges", async () => {
    const found = await accountOf("ada");
    return found.charges.length === SERVED && found.totals.denied === 1 ? found : null;
  });
  const sum = account.charges.reduce((total, { costNano }) => total + costNano, 0);
  expect(sum).toBe(account.totals.costNano);
  expect(sum).toBe(Math.round(account.usage.scopes.month.used * 1e9));
  expect(account.usage).toMatchObject({ tier: "free", dailyRequestsUsed: SERVED });
  for (const charge of account.charges) {
    expect(charge).toMatchObject({ provider: "cheap", outcome: "ok", reason: "" });
    expect(charge.outputTokens).toBeGreaterThan(0);
  }
  const times = account.charges.map(({ ts }) => ts);
  expect(times).toEqual([...times].sort((a, b) => b - a));
});

it("what was refused is shown on request, and no more than asked for", async () => {
  const { charges } = await accountOf("ada", { denied: true });
  expect(charges[0]).toMatchObject({ outcome: "denied", reason: "daily_requests_exceeded", costNano: 0 });
  expect((await accountOf("ada", { limit: 3 })).charges).toHaveLength(3);
});

it("people read the limits, the counters and the charges, and of a user without any that there are none", async () => {
  const account = await accountOf("ada");
  const text = renderAccount(account);
  expect(text).toContain("User ada, tier free");
  expect(text).toContain("10 requests");
  for (const { requestId } of account.charges) expect(text).toContain(requestId);
  expect(renderAccount(await accountOf("nobody"))).toContain("No charge is in the warehouse.");
});

it("a gateway that does not answer, or does not take the token, is told apart", async () => {
  await expect(accountOf("ada", { adminToken: "wrong" })).rejects.toThrow(/ADMIN_TOKEN/);
  const unreachable = readAccount({
    user: "ada",
    limit: 1,
    denied: false,
    warehouse: readonly,
    gatewayUrl: "http://127.0.0.1:1",
    adminToken: "any",
  });
  await expect(unreachable).rejects.toThrow(UsageError);
});
