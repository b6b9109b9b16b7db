import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { openWarehouse } from "../../warehouse/client.ts";
import { isAllowedFunction } from "../../warehouse/gate/allowed-functions.ts";
import { MAX_QUERY_BYTES } from "../../warehouse/gate/read-request.ts";
import {
  askWarehouse,
  NOBODY,
  type WarehouseIdentity,
  warehouseAttacks,
  warehouseIdentities,
} from "../support/warehouse-attacks.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

const SECRET = "what no reader may see";
const ROOT = join(import.meta.dirname, "../..");
let server: TestWarehouse;
let secretFile: string;
let gate: URL;
let engine: URL;
let readers: readonly WarehouseIdentity[];

beforeAll(async () => {
  server = await startTestWarehouse();
  secretFile = join(server.directory, "secret.txt");
  await writeFile(secretFile, SECRET);
  gate = new URL(server.reportsUrl);
  engine = new URL(server.url);
  readers = warehouseIdentities("reports", gate.password);
});
afterAll(() => server.close());

describe("a reader of the warehouse", () => {
  test("is refused files, networks, processes, system tables, writes, settings, the listener and other users' rights, however it asks", async () => {
    const attacks = warehouseAttacks(secretFile);
    const passed: string[] = [];
    for (const attack of attacks) {
      const [reader = NOBODY] = readers;
      const { status, text } = await askWarehouse(gate.origin, reader, attack);
      if (status === 200 || text.includes(SECRET)) passed.push(`${attack.aim}: ${attack.sql}`);
    }
    expect(passed).toEqual([]);
    expect(attacks.length).toBeGreaterThan(100);
    expect(existsSync(`${secretFile}.written`)).toBe(false);
  });

  test("is told apart from others by each of ClickHouse's three ways, and stays a reader whatever it adds", async () => {
    const others = [
      {},
      { params: { role: "vigor", quota_key: "a", session_id: "b", readonly: "0" } },
      { headers: { "x-clickhouse-quota": "a", "x-vigor-warehouse": "a" } },
    ];
    for (const reader of readers) {
      for (const other of others) {
        const answer = await askWarehouse(gate.origin, reader, { sql: "SELECT currentUser()", ...other });
        expect(answer, reader.name).toMatchObject({ status: 200, text: "reports\n" });
      }
    }
  });

  test("gets what the reports, the metrics and the tools ask", async () => {
    const files = readdirSync(join(ROOT, "reports/sources/vigor")).filter((name) => name.endsWith(".sql"));
    const views = readdirSync(join(ROOT, "warehouse/views")).filter((name) =>
      /^bi_.*(?<!_over)\.sql$/.test(name),
    );
    const queries = [
      ...files.map((name) => readFileSync(join(ROOT, "reports/sources/vigor", name), "utf8")),
      ...views.map((name) => `SELECT * FROM vigor.${name.replace(".sql", "")} LIMIT 1`),
      ...views.map((name) => readFileSync(join(ROOT, "warehouse/views", name), "utf8")),
      "SHOW DATABASES",
      "SHOW TABLES FROM vigor LIKE 'bi_%'",
      "SHOW FULL COLUMNS FROM settings FROM vigor",
      "SHOW CREATE TABLE settings",
      "DESCRIBE TABLE vigor.settings",
      "SELECT * FROM vigor.bi_cache_over(from = '2026-01-01', to = today(), grain = 'day')",
      "EXISTS vigor.settings",
      "EXPLAIN SELECT * FROM settings",
      "SELECT name FROM system.tables WHERE database = 'vigor'",
      "SELECT * FROM system.columns WHERE database = 'vigor' LIMIT 1",
      "SELECT table_name FROM information_schema.tables LIMIT 1",
      "SELECT version(), timezone(), currentDatabase(), getSetting('readonly')",
      "SELECT number FROM numbers(3) SETTINGS max_threads = 1, max_execution_time = 300",
      "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT * FROM t",
      "/* a comment */ SELECT * EXCEPT (value), COLUMNS('va') FROM settings FINAL -- another",
    ];
    const [reader = NOBODY] = readers;
    const refused: string[] = [];
    for (const sql of queries) {
      const params = { database: "vigor", readonly: "2" };
      const { status, text } = await askWarehouse(gate.origin, reader, { sql, params });
      if (status !== 200) refused.push(`${text.slice(0, 200)}\n${sql.slice(0, 200)}`);
    }
    expect(refused).toEqual([]);
  });

  test("is answered compressed when it asks so, may send the query compressed or in the URL, and reads long answers whole", async () => {
    const [reader = NOBODY] = readers;
    const sql = "SELECT number FROM numbers(2000000) FORMAT TSV";
    const answer = await fetch(`${gate.origin}/?enable_http_compression=1`, {
      method: "POST",
      headers: { ...reader.headers, "content-encoding": "gzip", "accept-encoding": "gzip" },
      body: gzipSync(sql),
    });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect((await answer.text()).trimEnd().split("\n")).toHaveLength(2_000_000);
    const byUrl = await fetch(`${gate.origin}/?query=${encodeURIComponent("SELECT 7")}`, {
      headers: reader.headers,
    });
    expect(await byUrl.text()).toBe("7\n");
  });

  test("is told why a query failed as ClickHouse tells it, so that clients understand", async () => {
    const reports = openWarehouse({ url: server.reportsUrl, readonly: true });
    const row = z.object({ a: z.number() });
    await expect(reports.query({ sql: `SELECT file('${secretFile}') AS a`, row })).rejects.toMatchObject({
      code: "497",
    });
    await expect(reports.query({ sql: "SELECT a FROM not_there", row })).rejects.toMatchObject({
      code: "60",
    });
    await expect(reports.query({ sql: "SELECT (1", row })).rejects.toMatchObject({ code: "62" });
    await expect(reports.query({ sql: "SELECT {a:Int32} AS a", params: { a: 3 }, row })).resolves.toEqual([
      { a: 3 },
    ]);
    await expect(reports.ping()).resolves.toBe(true);
    await reports.close();
  });

  test("cannot make the gate read more than a query's greatest length, compressed or not", async () => {
    const [reader = NOBODY] = readers;
    const long = `SELECT '${"a".repeat(MAX_QUERY_BYTES)}'`;
    expect((await askWarehouse(gate.origin, reader, { sql: long })).status).toBe(400);
    const packed = await fetch(gate, {
      method: "POST",
      headers: { ...reader.headers, "content-encoding": "gzip" },
      body: gzipSync("a".repeat(50_000_000)),
    }).catch(() => null);
    expect(packed?.status ?? 400).toBe(400);
  });
});

describe("nobody else", () => {
  test("gets anything from the gate but whether it is there: not without a password, not with a wrong one, not as another user", async () => {
    const strangers = [
      NOBODY,
      ...warehouseIdentities("reports", "wrong"),
      ...warehouseIdentities("reports", ""),
      ...warehouseIdentities("default", ""),
      ...warehouseIdentities("vigor", "wrong"),
      ...warehouseIdentities("vigor", engine.password),
      ...warehouseIdentities("vigor", gate.password),
      ...warehouseIdentities("", gate.password),
    ];
    for (const stranger of strangers) {
      for (const sql of ["SELECT 1", `SELECT file('${secretFile}')`, "SYSTEM STOP LISTEN HTTP"]) {
        const params = { add_http_cors_header: "1" };
        const { status, headers } = await askWarehouse(gate.origin, stranger, { sql, params });
        expect(status, stranger.name).toBe(403);
        expect(headers.get("access-control-allow-origin"), stranger.name).toBeNull();
      }
    }
  });

  test("finds anything at the engine's own port: without the owner's password every path is 404, also for web pages", async () => {
    const strangers = [
      NOBODY,
      ...warehouseIdentities("default", ""),
      ...warehouseIdentities("vigor", "wrong"),
      ...warehouseIdentities("reports", gate.password),
      { name: "a guessed secret", headers: { "x-vigor-warehouse": "guess" }, params: {} },
      // The owner's password counts only in the header that the rule asks for.
      ...warehouseIdentities("vigor", engine.password).slice(1),
    ];
    const paths = [
      "/",
      "/ping",
      "/play",
      "/dashboard",
      "/replicas_status",
      "/metrics",
      "/?query=SELECT+1",
      "/js/a.js",
    ];
    for (const stranger of strangers) {
      for (const path of paths) {
        const { status, headers } = await askWarehouse(`${engine.origin}${path}`, stranger, {
          sql: "SELECT 1",
          params: { add_http_cors_header: "1" },
          headers: { origin: "http://elsewhere.example" },
        });
        expect(status, `${stranger.name} ${path}`).toBe(404);
        expect(headers.get("access-control-allow-origin"), stranger.name).toBeNull();
      }
    }
  });

  test("may do anything as `default`, not even who has the owner's password", async () => {
    const [owner = NOBODY] = warehouseIdentities("vigor", engine.password);
    for (const sql of [
      "SYSTEM STOP LISTEN HTTP",
      "SELECT * FROM system.numbers LIMIT 1",
      "SELECT * FROM vigor.settings",
    ]) {
      const byParams = { sql, params: { user: "default", password: "" } };
      expect((await askWarehouse(engine.origin, owner, byParams)).status, sql).not.toBe(200);
      const byHeader = { sql, headers: { "x-clickhouse-user": "default" } };
      expect((await askWarehouse(engine.origin, owner, byHeader)).status, sql).not.toBe(200);
    }
    const asOwner = await askWarehouse(engine.origin, owner, { sql: "SELECT currentUser()" });
    expect(asOwner.text).toBe("vigor\n");
  });
});

describe("the list of functions for readers", () => {
  test("has only functions that the engine has, and no combination of them is a function that is not listed", async () => {
    const rows = await server.warehouse.query({
      sql: "SELECT lower(name) AS name FROM system.functions",
      row: z.object({ name: z.string() }),
    });
    const known = new Set(rows.map(({ name }) => name));
    const notFunctions = ["lambda", "grouping", "exists", "untuple"];
    const text = readFileSync(join(ROOT, "warehouse/gate/allowed-functions.txt"), "utf8").replaceAll(
      /^#.*$/gm,
      "",
    );
    const listed = text
      .split(/\s+/)
      .filter(Boolean)
      .map((name) => name.toLowerCase());
    expect(listed.filter((name) => !known.has(name) && !notFunctions.includes(name))).toEqual([]);
    const inList = new Set(listed);
    expect([...known].filter((name) => isAllowedFunction(name) && !inList.has(name))).toEqual([]);
    const dangerous =
      /^(file|executable|catboost|dictget|joinget|hascolumnintable|sleep|ai[cegt]|getclient|getserver|getmacro|hostname|fqdn|filesystem|addressto|showcert|formatrow|logtrace)/;
    expect(listed.filter((name) => dangerous.test(name))).toEqual([]);
  });

  test("leaves every column of the warehouse readable: none is named like a function that is refused", async () => {
    const rows = await server.warehouse.query({
      sql: `SELECT DISTINCT name FROM system.columns WHERE database = currentDatabase()
        AND lower(name) IN (SELECT lower(name) FROM system.functions)`,
      row: z.object({ name: z.string() }),
    });
    expect(rows.map(({ name }) => name).filter((name) => !isAllowedFunction(name))).toEqual([]);
  });
});

test("the warehouse's process has no variable of the process that started it", () => {
  const lines = execFileSync("ps", ["-Ao", "pid=,args="], { encoding: "utf8" }).split("\n");
  const line = lines.find((text) => text.includes("embedded-child.ts") && text.includes(server.directory));
  const pid = z.coerce.number().int().positive().parse(line?.trim().split(/\s+/)[0]);
  if (process.platform === "linux") expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toBe("");
});
