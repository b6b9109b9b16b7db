import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { publishSettings } from "../../pipeline/jobs/publish-settings.ts";
import { rollUp } from "../../pipeline/jobs/roll-up.ts";
import { toCsv } from "../../pipeline/metrics/csv.ts";
import { METRICS } from "../../pipeline/metrics/tables.ts";
import { sinkLag } from "../../pipeline/sink-lag.ts";
import { ROLLUP_NAMES } from "../../warehouse/rollups/rollups.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "./test-control.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const USD = 1_000_000_000;

let pipeline: TestPipeline;
let control: TestControl;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  control = await startTestControl({ ...pipeline.deps });
  const now = Date.now();
  await publishSettings(pipeline.deps, now);
  await pipeline.store(
    Array.from({ length: 30 }, (_, i) =>
      recentRequest(now - i, {
        user_id: `user-${i % 5}`,
        feature: "advice",
        outcome: i < 6 ? "cached" : "ok",
        cost: i < 6 ? 0 : USD / 100,
        cache_saved: i < 6 ? USD / 100 : 0,
        cache_saved_ms: i < 6 ? 400 : 0,
        refused: i >= 6 && i < 12,
        asked_again_of: i === 20 ? "gemini-flash" : "",
      }),
    ),
  );
  await pipeline.deps.warehouse.insert("user_events", [
    {
      event_id: "01900000-0000-7000-8000-000000000001",
      user_id: "user-1",
      ts: now - 1_000,
      type: "set",
      tier: "premium",
      actor: "a",
      log_partition: "p",
      log_offset: 0,
    },
  ]);
  for (const name of ROLLUP_NAMES) await rollUp(name)(pipeline.deps, now);
});
afterAll(async () => {
  await control.close();
  await pipeline.close();
});

async function csv(path: string): Promise<{ type: string; rows: Record<string, string>[] }> {
  const response = await fetch(control.url + path, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, accept: "text/csv" },
  });
  const rows = z
    .array(z.record(z.string(), z.string()))
    .parse(parse(await response.text(), { columns: true }));
  return { type: response.headers.get("content-type") ?? "", rows };
}

it.each(Object.entries(METRICS))(
  "GET /api/metrics/%s answers every table in every grain, and each as CSV",
  async (name, tables) => {
    for (const grain of ["day", "week", "month", "total"]) {
      const { status, body } = await control.call("GET", `/api/metrics/${name}?grain=${grain}`);
      expect(status, JSON.stringify(body)).toBe(200);
      expect(Object.keys(z.object({ tables: z.record(z.string(), z.unknown()) }).parse(body).tables)).toEqual(
        Object.keys(tables),
      );
    }
    for (const [table, { columns }] of Object.entries(tables)) {
      const { type, rows } = await csv(`/api/metrics/${name}?table=${table}`);
      expect(type).toContain("text/csv");
      for (const row of rows) expect(Object.keys(row)).toEqual([...columns]);
    }
  },
);

it("shows money in dollars and users by what is known of them", async () => {
  const { body } = await control.call("GET", "/api/metrics/performance?grain=total");
  expect(body.tables).toMatchObject({
    providers: [
      { provider: "gemini-flash", answers: 24, cost: 0.24, costPerRequest: 0.01, satisfaction: null },
    ],
    quality: [{ provider: "gemini-flash", answers: 24, refused: 0.25, cutOff: 0, askedAgain: 1 / 24 }],
    system: [{ requests: 30, served: 30, errorRate: 0, uptime: 1, cost: 0.24 }],
  });
  expect((await control.call("GET", "/api/metrics/cache?grain=total")).body.tables).toMatchObject({
    features: [{ feature: "", hits: 6, hitRate: 0.2, saved: 0.06, savedMs: 2_400 }, { feature: "advice" }],
  });
  expect((await control.call("GET", "/api/metrics/business")).body.tables).toMatchObject({
    daily: [{ mrr: 9.99, paidUsers: 1, ai: 0.24 }],
    invoices: [],
    breakEven: [],
  });
  const { rows } = await csv("/api/metrics/realtime");
  expect(rows).toMatchObject([{ dailyBudget: "200" }]);
  expect((await csv("/api/metrics/reconciliation")).rows).toHaveLength(1);
});

it("tells how far the ingests are behind the log, by topic and partition", async () => {
  await pipeline.log.append("costs", [{ key: "a", value: Buffer.from("{}") }]);
  await pipeline.log.append("costs", [{ key: "b", value: Buffer.from("{}") }]);
  const { status, body } = await control.call("GET", "/api/metrics/lag");
  expect(status).toBe(200);
  const { topics } = sinkLag.parse(body);
  expect(topics.find(({ topic }) => topic === "costs")).toMatchObject({
    lag: 2,
    partitions: [{ end: 2, committed: 0, lag: 2 }],
  });
  const { rows } = await csv("/api/metrics/lag");
  expect(rows.find(({ topic }) => topic === "costs")).toMatchObject({ end: "2", committed: "0", lag: "2" });
});

it("refuses ranges and tables that make no sense, saying why", async () => {
  const code = async (query: string) => (await control.call("GET", `/api/metrics/users?${query}`)).body.error;
  expect(await code("from=2026-02-02&to=2026-02-01")).toMatchObject({
    code: "invalid_request",
    param: "from",
  });
  expect(await code("from=2020-01-01&to=2026-02-01")).toMatchObject({ param: "from" });
  expect(await code("from=yesterday")).toMatchObject({ code: "invalid_request" });
  expect(await code("table=nothing")).toMatchObject({ param: "table" });
  expect(await code("grain=minute")).toMatchObject({ code: "invalid_request" });
});

it("a CSV quotes what must be quoted, and runs nothing in a spreadsheet", () => {
  const rows = [
    { a: 'say "hi", please', b: "=1+1", c: -1.5 },
    { a: "", b: null, c: true },
  ];
  expect(toCsv(["a", "b", "c"], rows)).toBe('a,b,c\r\n"say ""hi"", please",\'=1+1,-1.5\r\n,,true\r\n');
});
