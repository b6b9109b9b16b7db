/** What must be refused to whoever may only read the warehouse, and ways to ask as somebody else: one table for all tests. */

export interface WarehouseAttack {
  readonly aim:
    | "files"
    | "network"
    | "processes"
    | "system tables"
    | "writes"
    | "settings"
    | "listener"
    | "other users"
    | "waiting";
  readonly sql: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `file` holds something that no answer may hold. */
export function warehouseAttacks(file: string): readonly WarehouseAttack[] {
  const call = `file('${file}')`;
  return [
    ...[
      `SELECT ${call}`,
      `SELECT FILE('${file}')`,
      `SELECT /* a */ file /* b */ ('${file}') -- c`,
      `SELECT \`file\`('${file}')`,
      `SELECT "file"('${file}')`,
      `WITH ${call} AS x SELECT x`,
      `SELECT (SELECT ${call})`,
      `SELECT * FROM (SELECT ${call})`,
      `SELECT 1 UNION ALL SELECT length(${call})`,
      `SELECT 1 WHERE ${call} != ''`,
      `SELECT 1 ORDER BY ${call}`,
      `SELECT number FROM numbers(1) ORDER BY number WITH FILL TO length(${call})`,
      `SELECT number FROM numbers(length(${call}))`,
      `SELECT 1 LIMIT length(${call})`,
      `SELECT sum(1) OVER (ORDER BY ${call})`,
      `SELECT 1 AS a JOIN (SELECT 1 AS b) AS t ON a = length(${call})`,
      `SELECT arrayMap(x -> file(x), ['${file}'])`,
      `SELECT arrayMap(file, ['${file}'])`,
      `SELECT arrayMap(\`file\`, ['${file}'])`,
      `WITH file AS f SELECT arrayMap(f, ['${file}'])`,
      `SELECT * APPLY file FROM (SELECT '${file}')`,
      `SELECT * APPLY(x -> file(x)) FROM (SELECT '${file}')`,
      `SELECT COLUMNS('.') APPLY file FROM (SELECT '${file}')`,
      `SELECT * REPLACE (file(a) AS a) FROM (SELECT '${file}' AS a)`,
      `SELECT 1 FORMAT JSON SETTINGS max_threads = length(${call})`,
      `SHOW TABLES WHERE ${call} != ''`,
      `SHOW COLUMNS FROM settings FROM vigor WHERE ${call} != ''`,
      `DESCRIBE TABLE file('${file}', 'LineAsString')`,
      `DESCRIBE (SELECT ${call})`,
      `EXPLAIN SELECT ${call}`,
      `EXPLAIN SYNTAX SELECT ${call}`,
      `EXPLAIN AST optimize = 1 SELECT ${call}`,
      `SELECT * FROM (EXPLAIN SELECT ${call})`,
      `SELECT * FROM viewExplain('EXPLAIN', '', (SELECT ${call}))`,
      `SELECT * FROM view(SELECT ${call})`,
      `SELECT 1; SELECT ${call}`,
      `SELECT 1 PARALLEL WITH SELECT ${call}`,
      `optimize = 1 SELECT ${call}`,
      `, optimize = 1 SELECT ${call}`,
      `SELECT ${call} FORMAT Null`,
      `SELECT ${call} SETTINGS limit = 1`,
      `SELECT ${call} SETTINGS max_result_rows = 1, result_overflow_mode = 'break' UNION ALL SELECT '1'`,
      `SELECT * FROM file('${file}', 'LineAsString')`,
      `SELECT * FROM fileCluster('default', '${file}', 'LineAsString')`,
      `SELECT * FROM '${file}'`,
      `SELECT * FROM default.\`${file}\``,
      `SELECT * FROM format(CSV, '1')`,
      `SELECT formatRow('Protobuf', 1) SETTINGS format_schema = '${file}:Message'`,
      `SELECT * FROM (SELECT 1 SETTINGS format_schema = '${file}:Message')`,
      `SELECT 1 SETTINGS format_schema = '${file}:Message' FORMAT Protobuf`,
      `SELECT 1 SETTINGS output_format_schema = '${file}.written' FORMAT Protobuf`,
      `SELECT 1 SETTINGS format_template_row = '${file}' FORMAT Template`,
      `SELECT 1 INTO OUTFILE '${file}.written'`,
      `SELECT catboostEvaluate('${file}', 1)`,
      `SELECT naiveBayesClassifier('${file}', 'a')`,
      `SELECT dictGet('${file}', 'a', 1)`,
      `SELECT joinGet('vigor.settings', 'value', 'a')`,
      "SELECT showCertificate()",
      "SELECT filesystemAvailable()",
      "SELECT addressToLine(1)",
    ].map((sql): WarehouseAttack => ({ aim: "files", sql })),
    { aim: "files", sql: `SELECT {f:Identifier}('${file}')`, params: { param_f: "file" } },
    { aim: "files", sql: `SELECT arrayMap({f:Identifier}, ['${file}'])`, params: { param_f: "file" } },
    { aim: "files", sql: "SELECT {p:String} AS a, file(a)", params: { param_p: file } },
    { aim: "files", sql: "", params: { query: `SELECT ${call}` } },
    { aim: "files", sql: `('${file}')`, params: { query: "SELECT file" } },
    { aim: "files", sql: "select 1", params: { query: `SELECT ${call} --` } },
    { aim: "files", sql: `from x | derive {y = file('${file}')}`, params: { dialect: "prql" } },
    { aim: "files", sql: `print file('${file}')`, params: { dialect: "kusto" } },
    { aim: "files", sql: "SELECT 1", params: { additional_result_filter: `${call} = ''` } },
    ...[
      "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
      "SELECT * FROM s3('http://127.0.0.1:1/a', 'LineAsString')",
      "SELECT * FROM hdfs('hdfs://127.0.0.1:1/a', 'LineAsString')",
      "SELECT * FROM azureBlobStorage('http://127.0.0.1:1/a', 'b', 'c')",
      "SELECT * FROM remote('127.0.0.1', system.one)",
      "SELECT * FROM remoteSecure('127.0.0.1', system.one)",
      "SELECT * FROM cluster('default', system.one)",
      "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
      "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
      "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e Int8')",
      "SELECT * FROM redis('127.0.0.1:1', 'a', 'a String')",
      "SELECT * FROM sqlite('/tmp/a.db', 'a')",
      "SELECT * FROM odbc('a', 'b', 'c')",
      "SELECT * FROM jdbc('a', 'b', 'c')",
      "SELECT hasColumnInTable('127.0.0.1:1', 'default', '', 'system', 'one', 'dummy')",
      "SELECT aiGenerate('a', 'b')",
    ].map((sql): WarehouseAttack => ({ aim: "network", sql })),
    ...[
      "SELECT * FROM executable('cat', 'TabSeparated', 'a String', (SELECT 1))",
      "SELECT * FROM input('a String')",
      "CREATE FUNCTION f AS x -> file(x)",
      "CREATE DICTIONARY vigor.d (a Int8) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'id' FORMAT TSV)) LAYOUT(FLAT()) LIFETIME(1)",
    ].map((sql): WarehouseAttack => ({ aim: "processes", sql })),
    ...[
      "users",
      "grants",
      "roles",
      "processes",
      "server_settings",
      "merge_tree_settings",
      "macros",
      "clusters",
      "disks",
      "storage_policies",
      "stack_trace",
      "build_options",
      "query_cache",
      "user_processes",
      "settings_profiles",
      "settings_profile_elements",
      "named_collections",
      "warnings",
      "errors",
    ].map((table): WarehouseAttack => ({ aim: "system tables", sql: `SELECT * FROM system.${table}` })),
    { aim: "system tables", sql: "SHOW CREATE USER vigor" },
    { aim: "system tables", sql: "SHOW USERS" },
    { aim: "system tables", sql: "SHOW PROCESSLIST" },
    { aim: "system tables", sql: "SELECT getMacro('a'), hostName(), getServerSetting('path')" },
    {
      aim: "system tables",
      sql: "SELECT getClientHTTPHeader('x-vigor-warehouse')",
      params: { allow_get_client_http_header: "1" },
    },
    ...[
      "INSERT INTO vigor.settings (key, value) VALUES ('a', 'b')",
      "INSERT INTO FUNCTION file('/tmp/a.csv') SELECT 1",
      "ALTER TABLE vigor.settings DELETE WHERE 1",
      "CREATE TABLE vigor.x (a Int8) ENGINE = Memory",
      "CREATE TEMPORARY TABLE x (a Int8)",
      "CREATE VIEW vigor.v AS SELECT 1",
      "DROP TABLE vigor.settings",
      "TRUNCATE TABLE vigor.settings",
      "OPTIMIZE TABLE vigor.settings",
      "RENAME TABLE vigor.settings TO vigor.other",
      "BACKUP DATABASE vigor TO File('/tmp/vigor-backup')",
      "KILL QUERY WHERE 1",
      "ATTACH TABLE vigor.y",
      "DETACH TABLE vigor.settings",
      "EXPLAIN INSERT INTO vigor.settings (key, value) VALUES ('a', 'b')",
    ].map((sql): WarehouseAttack => ({ aim: "writes", sql })),
    ...[
      "SET max_threads = 1",
      "SET ROLE DEFAULT",
      "USE system",
      "SELECT 1 SETTINGS max_memory_usage = 77",
      "SELECT 1 SETTINGS profile = 'default', max_memory_usage = 77",
      "SELECT 1 SETTINGS profile = 'default', readonly = 0",
      "SELECT 1 SETTINGS readonly = 0",
      "SELECT 1 SETTINGS readonly = 2",
      "SELECT 1 SETTINGS max_execution_time = 100000",
      "SELECT 1 SETTINGS max_execution_time = 0",
      "SELECT 1 SETTINGS allow_introspection_functions = 1",
      "SELECT 1 SETTINGS max_memory_usage = 77 UNION ALL SELECT 2",
      "SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 77)",
      "SELECT 1 SETTINGS max_memory_usage = 77 INTERSECT SELECT 1",
    ].map((sql): WarehouseAttack => ({ aim: "settings", sql })),
    { aim: "settings", sql: "SELECT 1", params: { max_memory_usage: "77" } },
    { aim: "settings", sql: "SELECT 1", params: { allow_ddl: "0" } },
    { aim: "settings", sql: "SELECT 1", params: { add_http_cors_header: "1" } },
    { aim: "settings", sql: "SELECT 1", params: { profile: "default", max_memory_usage: "77" } },
    ...[
      "SYSTEM STOP LISTEN HTTP",
      "SYSTEM START LISTEN TCP",
      "SYSTEM SHUTDOWN",
      "SYSTEM KILL",
      "SYSTEM RELOAD CONFIG",
      "SYSTEM STOP MERGES",
      "SYSTEM FLUSH LOGS",
    ].map((sql): WarehouseAttack => ({ aim: "listener", sql })),
    ...[
      "EXECUTE AS vigor SELECT 1",
      "EXECUTE AS default SYSTEM STOP LISTEN HTTP",
      "GRANT ALL ON *.* TO reports",
    ].map((sql): WarehouseAttack => ({ aim: "other users", sql })),
    { aim: "waiting", sql: "SELECT sleep(3)" },
    { aim: "waiting", sql: "SELECT sleepEachRow(1) FROM numbers(100)" },
  ];
}

/** Who asks, by ClickHouse's three ways to say so. */
export interface WarehouseIdentity {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
}

export function warehouseIdentities(user: string, password: string): readonly WarehouseIdentity[] {
  const basic = Buffer.from(`${user}:${password}`).toString("base64");
  return [
    { name: `${user} by Authorization`, headers: { authorization: `Basic ${basic}` }, params: {} },
    {
      name: `${user} by headers`,
      headers: { "x-clickhouse-user": user, "x-clickhouse-key": password },
      params: {},
    },
    { name: `${user} by parameters`, headers: {}, params: { user, password } },
  ];
}

export const NOBODY: WarehouseIdentity = { name: "nobody", headers: {}, params: {} };

export interface WarehouseAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export async function askWarehouse(
  url: string,
  identity: WarehouseIdentity,
  { sql, params = {}, headers = {} }: Pick<WarehouseAttack, "sql" | "params" | "headers">,
): Promise<WarehouseAnswer> {
  const target = new URL(url);
  for (const [name, value] of Object.entries({ ...params, ...identity.params }))
    target.searchParams.set(name, value);
  const response = await fetch(target, {
    method: "POST",
    headers: { "content-type": "text/plain", ...headers, ...identity.headers },
    body: sql,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
