import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import { startTestControl, type TestControl } from "../pipeline/test-control.ts";
import { readableLog } from "../support/readable-log.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const REASON = "the provider's bill looks wrong";
const why = { reason: REASON, minutes: 5 };
const ask = { model: "auto", messages: [{ role: "user", content: "hello" }] };

let directory: string;
let gateway: TestGateway;
let log: EventLog;
let control: TestControl;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-emergency-"));
  const catalog = testCatalog();
  gateway = await startTestGateway({ directory, catalog });
  // Two processes share a log; each writes its own part of it.
  log = readableLog(await openEmbeddedEventLog({ directory: join(directory, "log"), writer: "pipeline" }));
  control = await startTestControl({ log, catalog: () => catalog });
  await gateway.setTier("payer", "unlimited");
  await waitFor(
    "the payer's tier",
    () => gateway.running.gateway.directory.user(payer)?.tier === "unlimited",
  );
});
const payer = z.string().brand<"UserId">().parse("payer");

afterAll(async () => {
  await control.close();
  await log.close();
  await gateway.close();
  await rm(directory, { recursive: true, force: true });
});

interface Control {
  readonly control: string;
  readonly body: Record<string, unknown>;
  /** What a free and a paying user get while it is in force: an error's code, or the provider. */
  readonly during: { readonly free: string; readonly payer: string };
}

describe("an emergency control", () => {
  it.each<Control>([
    {
      control: "pause-non-premium",
      body: why,
      during: { free: "non_premium_paused", payer: "best" },
    },
    { control: "fallback-mode", body: why, during: { free: "fallback", payer: "cheap" } },
    {
      control: "emergency-budget",
      body: { dailyUsd: 0, ...why },
      during: { free: "emergency_budget_exceeded", payer: "emergency_budget_exceeded" },
    },
    {
      control: "rate-limit",
      body: { requestsPerMinute: 1, scope: "global", ...why },
      during: { free: "rate_limited", payer: "rate_limited" },
    },
    {
      control: "rate-limit",
      body: { requestsPerMinute: 1, scope: "user", ...why },
      during: { free: "rate_limited", payer: "rate_limited" },
    },
  ])(
    "$control is in force at the gateway when it was put, ends when it is deleted, and says who, when and why",
    async ({ control: name, body, during }) => {
      const put = await control.call("PUT", `/api/emergency/${name}`, body);
      expect(put).toMatchObject({
        status: 200,
        body: { kind: name, reason: REASON, issuedBy: { type: "admin" }, state: "active" },
      });
      await waitFor(name, () => gateway.running.gateway.controls.current().version.includes("+"));
      // A limit a minute lets the first ones through.
      if (name === "rate-limit") for (const user of ["visitor", "payer"]) await outcomeOf(user);
      const minute = Math.floor(Date.now() / 60_000);
      const seen = { free: await outcomeOf("visitor"), payer: await outcomeOf("payer") };
      // A minute that has just begun has its own limit.
      if (Math.floor(Date.now() / 60_000) === minute || name !== "rate-limit") expect(seen).toEqual(during);

      expect(await control.call("DELETE", `/api/emergency/${name}`)).toMatchObject({ status: 200 });
      await waitFor("its end", () => !gateway.running.gateway.controls.current().version.includes("+"));
      expect(await outcomeOf("visitor")).toBe("cheap");
      expect(await outcomeOf("payer")).toBe("best");
      const events = await directiveEvents(String(put.body.id));
      expect(events).toEqual([
        expect.objectContaining({
          type: "issued",
          directive: expect.objectContaining({
            issuedBy: { type: "admin", name: "admin" },
            issuedAt: expect.any(Number),
            reason: REASON,
          }),
        }),
        expect.objectContaining({
          type: "revoked",
          by: { type: "admin", name: "admin" },
          ts: expect.any(Number),
        }),
      ]);
    },
  );

  it.each([
    ["no reason", { minutes: 5 }],
    ["an empty reason", { reason: " ", minutes: 5 }],
    ["no end", { reason: REASON }],
  ])("without one is refused: %s", async (_what, body) => {
    for (const name of ["pause-non-premium", "fallback-mode", "emergency-budget", "rate-limit"]) {
      const more = { dailyUsd: 1, requestsPerMinute: 1, scope: "global" };
      const given = name.startsWith("p") || name.startsWith("f") ? body : { ...more, ...body };
      expect(await control.call("PUT", `/api/emergency/${name}`, given)).toMatchObject({ status: 400 });
    }
  });
});

/** The provider that answered, or the error's code; a denial leaves a true time to come back. */
async function outcomeOf(user: string): Promise<string> {
  const response = await gateway.post(ask, { "x-vigor-user": user });
  const text = await response.text();
  if (response.ok) return response.headers.get("x-vigor-provider") ?? "";
  const retryAfter = Number(response.headers.get("retry-after"));
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(why.minutes * 60);
  return z.object({ error: z.object({ code: z.string() }) }).parse(JSON.parse(text)).error.code;
}

async function directiveEvents(id: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const event of log.scan("directives", 0))
    if (JSON.stringify(event).includes(id)) found.push(event);
  return found;
}
