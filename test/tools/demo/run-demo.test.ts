import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { runDemo } from "../../../tools/demo/run-demo.ts";
import { type DemoState, NOTHING, readDemoState } from "../../../tools/demo/state.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";
import { silent } from "../../pipeline/test-control.ts";
import { startTestWarehouse, type TestWarehouse } from "../../warehouse/test-warehouse.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 2, 1);
const fresh: DemoState = {
  seed: 5,
  users: 60,
  days: 10,
  startDay: "2026-03-01",
  doneUntilMs: START_MS,
  counts: NOTHING,
};

let server: TestWarehouse;
let dataDir: string;
beforeAll(async () => {
  server = await startTestWarehouse();
  dataDir = await mkdtemp(join(tmpdir(), "vigor-demo-test-"));
});
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function stored() {
  const [row] = await server.warehouse.query({
    sql: "SELECT count() AS rows, uniqExact(event_id) AS events, toUnixTimestamp64Milli(max(ts)) AS last, countIf(source != 'simulated') AS live FROM request_events",
    row: z.object({ rows: z.number(), events: z.number(), last: z.number(), live: z.number() }),
  });
  if (row === undefined) throw new Error("no row");
  return row;
}

it("fills the past, goes on with the clock, and after a stop goes on where it was, each event once", async () => {
  let nowMs = START_MS + 4 * DAY_MS + 10 * HOUR_MS;
  const start = (state: DemoState) => {
    const stop = new AbortController();
    const options = {
      dataDir,
      state,
      catalog: testCatalog(),
      warehouse: server.warehouse,
      logger: silent,
      signal: stop.signal,
      now: () => nowMs,
    };
    return { stop, running: runDemo(options) };
  };
  const first = start(fresh);
  await expect
    .poll(async () => (await stored()).last, { timeout: 20_000 })
    .toBeGreaterThan(START_MS + 4 * DAY_MS);
  const past = await stored();
  expect(past.last).toBeLessThan(nowMs);
  nowMs += 6 * HOUR_MS;
  await expect.poll(async () => (await stored()).rows, { timeout: 20_000 }).toBeGreaterThan(past.rows);
  first.stop.abort();
  await first.running;

  const state = await readDemoState(dataDir);
  expect(state?.counts.requests).toBe((await stored()).rows);
  nowMs += 2 * DAY_MS;
  const second = start(state ?? fresh);
  await expect
    .poll(async () => (await stored()).last, { timeout: 20_000 })
    .toBeGreaterThan(START_MS + 6 * DAY_MS);
  second.stop.abort();
  await second.running;
  const { rows, events, live } = await stored();
  expect({ rows, live }).toEqual({ rows: events, live: 0 });
});
