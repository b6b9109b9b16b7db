import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import { openWarehouse } from "./client.ts";
import { onCluster } from "./on-cluster.ts";
import { splitStatements } from "./sql-statements.ts";
import { createViews } from "./views.ts";
import type { Warehouse } from "./warehouse.ts";

export interface MigrateOptions {
  /** Of a user who may create the database. */
  readonly url: string;
  /** The cluster whose servers all get the schema, with replicated tables; null (default): the one server. */
  readonly cluster?: string | null;
  /** Default: `migrations/` and `views/` beside this file. */
  readonly migrationsDirectory?: URL;
  readonly viewsDirectory?: URL;
}

export interface MigrateReport {
  /** Files applied by this call, in order. */
  readonly applied: readonly string[];
  readonly views: readonly string[];
}

const FILE_NAME = /^\d{3}_[a-z0-9_]+\.sql$/;
const LEDGER = `CREATE TABLE IF NOT EXISTS schema_migrations
  (name String, checksum String, applied_at DateTime DEFAULT now())
  ENGINE = ReplacingMergeTree ORDER BY name`;

/**
 * Brings the database to the schema of this version: creates it, applies the migrations that it has not seen,
 * in order, and makes every view anew. Refuses, before changing anything, when an applied file was changed since.
 *
 * ClickHouse has no transaction around DDL, so a file may stop half-way (crash) or run in two processes at once.
 * Both are safe because every statement of every file may be run again (`IF NOT EXISTS`); a test holds them to it.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateReport> {
  const { url, cluster = null } = options;
  await createDatabase(url, cluster);
  const server = openWarehouse({ url });
  const warehouse: Warehouse = {
    ...server,
    command: (sql, params) => server.command(onCluster(sql, cluster), params),
  };
  try {
    const directory = options.migrationsDirectory ?? new URL("./migrations/", import.meta.url);
    const applied = await applyPending(warehouse, readMigrations(directory));
    const views = await createViews(
      warehouse,
      options.viewsDirectory ?? new URL("./views/", import.meta.url),
    );
    return { applied, views };
  } finally {
    await warehouse.close();
  }
}

interface Migration {
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

async function createDatabase(url: string, cluster: string | null): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  if (!/^\w+$/.test(name))
    throw new Error("the warehouse's URL must end with the database: http://host:8123/vigor");
  const server = openWarehouse({ url, database: "system" });
  try {
    await server.command(onCluster(`CREATE DATABASE IF NOT EXISTS ${name}`, cluster));
  } finally {
    await server.close();
  }
}

async function applyPending(warehouse: Warehouse, migrations: readonly Migration[]): Promise<string[]> {
  await warehouse.command(LEDGER);
  const done = await readApplied(warehouse);
  refuseChanged(migrations, done);
  const pending = migrations.filter(({ name }) => !done.has(name));
  for (const { name, checksum, statements } of pending) {
    for (const statement of statements) await warehouse.command(statement);
    await warehouse.insert("schema_migrations", [{ name, checksum }]);
  }
  return pending.map(({ name }) => name);
}

async function readApplied(warehouse: Warehouse): Promise<Map<string, string>> {
  const rows = await warehouse.query({
    sql: "SELECT name, checksum FROM schema_migrations FINAL",
    row: z.object({ name: z.string(), checksum: z.string() }),
  });
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function refuseChanged(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  for (const { name, checksum } of migrations) {
    const known = applied.get(name);
    if (known !== undefined && known !== checksum) {
      throw new Error(
        `the migration ${name} was changed after it had been applied; put the change into a new file`,
      );
    }
  }
}

function readMigrations(directory: URL): Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  return names.sort().map((name) => {
    if (!FILE_NAME.test(name)) throw new Error(`a migration is named NNN_subject.sql, not ${name}`);
    const text = readFileSync(new URL(name, directory), "utf8");
    return {
      name,
      checksum: createHash("sha256").update(text).digest("hex"),
      statements: splitStatements(text),
    };
  });
}
