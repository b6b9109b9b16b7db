import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { onCluster } from "../../warehouse/on-cluster.ts";
import { splitStatements } from "../../warehouse/sql-statements.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

const MIGRATIONS = new URL("../../warehouse/migrations/", import.meta.url);
const statements = readdirSync(MIGRATIONS)
  .filter((file) => file.endsWith(".sql"))
  .flatMap((file) => splitStatements(readFileSync(new URL(file, MIGRATIONS), "utf8")));
const rendered = statements.map((statement) => onCluster(statement, "main"));

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());

describe("the schema of a cluster", () => {
  test("every table of every migration is on all servers, replicated, under a path that all of its replicas share", () => {
    const tables = rendered.filter((sql) => sql.startsWith("CREATE TABLE"));
    expect(tables.length).toBeGreaterThan(30);
    for (const sql of tables) {
      expect(sql).toMatch(/^CREATE TABLE IF NOT EXISTS \w+ ON CLUSTER main\s*\(/);
      expect(sql).toMatch(
        /ENGINE = Replicated\w*MergeTree\('\/clickhouse\/tables\/\{shard\}\/\{database\}\/\{table\}', '\{replica\}'(, \w+)?\)/,
      );
    }
  });

  test("inserts with a token are deduplicated there as on one server", () => {
    const withToken = (texts: readonly string[], setting: string) =>
      texts.filter((sql) => new RegExp(`\\b${setting} = `).test(sql)).length;
    expect(withToken(rendered, "replicated_deduplication_window")).toBe(
      withToken(statements, "non_replicated_deduplication_window"),
    );
    expect(withToken(rendered, "non_replicated_deduplication_window")).toBe(0);
  });

  test("the columns that an engine collapses by stay", () => {
    const collapsed = statements.filter((sql) => /ENGINE = ReplacingMergeTree\(\w+\)/.test(sql));
    expect(collapsed.length).toBeGreaterThan(5);
    for (const sql of collapsed) {
      const [, column = ""] = /ReplacingMergeTree\((\w+)\)/.exec(sql) ?? [];
      expect(onCluster(sql, "main")).toContain(`'{replica}', ${column})`);
    }
  });

  test("what changes tables and rows is left as it is: replicas pass it on", () => {
    const others = statements.filter((sql) => !sql.startsWith("CREATE"));
    expect(others.length).toBeGreaterThan(0);
    for (const sql of others) expect(onCluster(sql, "main")).toBe(sql);
  });

  test("views and the database are made on every server", () => {
    expect(onCluster("CREATE OR REPLACE VIEW v AS SELECT 1", "main")).toBe(
      "CREATE OR REPLACE VIEW v ON CLUSTER main AS SELECT 1",
    );
    expect(onCluster("CREATE DATABASE IF NOT EXISTS vigor", "main")).toBe(
      "CREATE DATABASE IF NOT EXISTS vigor ON CLUSTER main",
    );
    for (const sql of rendered.filter((text) => text.startsWith("CREATE MATERIALIZED VIEW")))
      expect(sql).toMatch(/^CREATE MATERIALIZED VIEW IF NOT EXISTS \w+ ON CLUSTER main\s/);
  });

  test("without a cluster every statement is what the file says", () => {
    for (const sql of statements) expect(onCluster(sql, null)).toBe(sql);
  });

  test("ClickHouse can read every statement of it", async () => {
    for (const sql of rendered.filter((text) => text.startsWith("CREATE"))) {
      const [read] = await server.warehouse.query({
        sql: "SELECT formatQuerySingleLine({sql:String}) AS text",
        params: { sql },
        row: z.object({ text: z.string() }),
      });
      expect(read?.text).toContain("ON CLUSTER main");
    }
  });
});
