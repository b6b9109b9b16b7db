import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { LIVE_ROWS } from "../../warehouse/live-rows.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import { makeRequestEvent } from "./make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

/** They tell when something came in or was built, and nothing of what it was. */
const BOOKKEEPING = ["arrivals", "rollup_builds", "simulated_hours"];
/** It looks 60 days back. */
const LONG_MEMORY = "rollup_activity_daily";
const DAY_MS = 86_400_000;
const YESTERDAY_MS = Date.now() - DAY_MS;

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
}, 60_000);
afterAll(() => server.close());

async function countRows(table: string, liveOnly: boolean): Promise<number> {
  const [row] = await server.warehouse.query({
    sql: `SELECT count() AS rows FROM ${table}`,
    row: z.object({ rows: z.number() }),
    liveOnly,
  });
  return row?.rows ?? 0;
}

async function filledTables(): Promise<string[]> {
  const tables = await server.warehouse.query({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND (engine LIKE '%MergeTree' OR name = 'spend_quarter_hours') AND NOT startsWith(name, '.')",
    row: z.object({ name: z.string() }),
  });
  const filled: string[] = [];
  for (const { name } of tables) if ((await countRows(name, false)) > 0) filled.push(name);
  return filled;
}

async function store(source: "live" | "simulated", dayMs: number): Promise<void> {
  const { warehouse } = server;
  const log_partition = source === "live" ? "test" : "simulated-demo";
  const user_id = source;
  const request = { ...makeRequestEvent({ source, user_id, ts: dayMs }), log_partition, log_offset: 1 };
  const event = { user_id, ts: dayMs, log_partition, log_offset: 1 };
  await warehouse.insert("request_events", [request]);
  await warehouse.insert("user_events", [
    { ...event, event_id: uuidv7(), type: "seen", tier: "free", actor: "" },
  ]);
  const { request_id, app_id } = request;
  const rating = { event_id: uuidv7(), request_id, app_id, rating: 5, comment: "", source };
  await warehouse.insert("feedback_events", [{ ...event, ...rating }]);
  await buildAll();
}

async function buildAll(): Promise<void> {
  const { warehouse } = server;
  await buildAllRollups(buildOptions(warehouse, "UTC", Date.now()));
  await warehouse.command("SYSTEM REFRESH VIEW spend_quarter_hours");
  await warehouse.command("SYSTEM WAIT VIEW spend_quarter_hours");
}

it("of what simulated requests fill, live-only queries see nothing in any table, and of real ones everything", async () => {
  const before = await filledTables();
  await store("simulated", YESTERDAY_MS - 10 * DAY_MS);
  const filled = (await filledTables()).filter(
    (name) => !before.includes(name) && !BOOKKEEPING.includes(name),
  );
  expect(filled.length).toBeGreaterThanOrEqual(14);
  for (const table of filled) expect([table, await countRows(table, true)]).toEqual([table, 0]);
  await store("live", YESTERDAY_MS);
  for (const table of filled.filter((name) => name !== LONG_MEMORY))
    expect([table, (await countRows(table, true)) > 0]).toEqual([table, true]);
});

it("every table of which it is said which rows are live exists", async () => {
  for (const table of Object.keys(LIVE_ROWS)) expect(await countRows(table, true)).toBeGreaterThanOrEqual(0);
});
