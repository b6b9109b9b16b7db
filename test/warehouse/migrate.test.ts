import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openWarehouse } from "../../warehouse/client.ts";
import { migrate } from "../../warehouse/migrate.ts";
import { splitStatements } from "../../warehouse/sql-statements.ts";
import { makeRequestEvent } from "./make-request-event.ts";
import { startTestWarehouse, type TestWarehouse } from "./test-warehouse.ts";

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());

test("migrating again changes nothing", async () => {
  const before = await schemaOf(server.url);
  expect((await migrate({ url: server.url })).applied).toEqual([]);
  expect(await schemaOf(server.url)).toEqual(before);
});

test("every column says what it holds", async () => {
  const silent = await server.warehouse.query({
    sql: `SELECT table || '.' || name AS name FROM system.columns
      WHERE database = 'vigor' AND comment = '' AND table NOT LIKE '.%' AND table != 'schema_migrations'
        AND table IN (SELECT name FROM system.tables WHERE database = 'vigor' AND engine LIKE '%MergeTree')`,
    row: z.object({ name: z.string() }),
  });
  expect(silent).toEqual([]);
});

test("processes that start at once migrate one database together", async () => {
  const url = databaseUrl("together");
  const reports = await Promise.all([migrate({ url }), migrate({ url }), migrate({ url })]);
  expect(reports[0]?.views).toContain("bi_realtime");
  expect(await schemaOf(url)).toEqual(await schemaOf(server.url));
});

test("a migration that stopped half-way is finished by the next start: every statement may be run again", async () => {
  const url = databaseUrl("halfway");
  await migrate({ url });
  const warehouse = openWarehouse({ url });
  await warehouse.command("TRUNCATE TABLE schema_migrations");
  await warehouse.close();
  expect((await migrate({ url })).applied.length).toBeGreaterThan(0);
  expect(await schemaOf(url)).toEqual(await schemaOf(server.url));
});

test("a row that was stored before orphaned rows were compared by cost still wins over every orphaned row", async () => {
  const url = databaseUrl("before_cost");
  const migrationsDirectory = await copyOfMigrations();
  const later = new URL("140_orphans_keep_the_larger.sql", migrationsDirectory);
  const text = await readFile(later);
  await rm(later);
  await migrate({ url, migrationsDirectory });
  const warehouse = openWarehouse({ url });
  const real = makeRequestEvent({ outcome: "ok", cost: 7 });
  const store = (row: typeof real) =>
    warehouse.insert("request_events", [{ ...row, log_partition: "p", log_offset: 0 }]);
  await store(real);
  await writeFile(later, text);
  await migrate({ url, migrationsDirectory });
  await store({ ...real, outcome: "orphaned", cost: 500 });
  const rows = await warehouse.query({
    sql: "SELECT outcome, cost FROM request_events FINAL",
    row: z.object({ outcome: z.string(), cost: z.number() }),
  });
  expect(rows).toEqual([{ outcome: "ok", cost: 7 }]);
  await warehouse.close();
});

test("a file that was changed after it had been applied is refused, and nothing is changed", async () => {
  const url = databaseUrl("changed");
  const migrationsDirectory = await copyOfMigrations();
  await migrate({ url, migrationsDirectory });
  await appendFile(new URL("001_request_events.sql", migrationsDirectory), "\n-- another thought\n");
  await writeFile(
    new URL("999_new.sql", migrationsDirectory),
    "CREATE TABLE new (a Int8) ENGINE = Memory;\n",
  );
  await expect(migrate({ url, migrationsDirectory })).rejects.toThrow(/001_request_events.sql was changed/);
  expect(JSON.stringify(await schemaOf(url))).not.toContain('"new"');
});

test("a file may hold several statements and comments", () => {
  const text = "-- one; two\nSELECT ';' AS a; -- not the end\n;\n\nSELECT 2;\n-- the end\nSELECT 3";
  expect(splitStatements(text)).toEqual(["SELECT ';' AS a; -- not the end", "SELECT 2", "SELECT 3"]);
});

function databaseUrl(name: string): string {
  const url = new URL(server.url);
  url.pathname = `/vigor_${name}`;
  return url.href;
}

async function copyOfMigrations(): Promise<URL> {
  const directory = await mkdtemp(join(server.directory, "migrations-"));
  await cp(new URL("../../warehouse/migrations/", import.meta.url), directory, { recursive: true });
  return pathToFileURL(`${directory}/`);
}

async function schemaOf(url: string) {
  const warehouse = openWarehouse({ url });
  try {
    return await warehouse.query({
      sql: `SELECT table, name, type, default_expression, comment FROM system.columns
        WHERE database = currentDatabase() AND table NOT LIKE '.%' ORDER BY table, position`,
      row: z.object({ table: z.string(), name: z.string(), type: z.string() }).loose(),
    });
  } finally {
    await warehouse.close();
  }
}
