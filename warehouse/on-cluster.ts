/**
 * One path for one table, whatever its UUID: a replica that is added later finds the data of the others. The server fills the macros in
 * (`shard` and `replica` from its own configuration).
 */
const REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";

/**
 * The statement for all servers of a cluster, with replicated tables in the place of single ones; null: as it is. Only what creates
 * needs it: changes of a replicated table and of its rows reach its replicas by themselves.
 */
export function onCluster(statement: string, cluster: string | null): string {
  if (cluster === null) return statement;
  return statement
    .replace(
      /^(CREATE (?:OR REPLACE )?(?:DATABASE|TABLE|VIEW|MATERIALIZED VIEW) (?:IF NOT EXISTS )?\w+)/,
      `$1 ON CLUSTER ${cluster}`,
    )
    .replace(/\bENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/, (_engine, name: string, columns?: string) => {
      const given = columns === undefined || columns === "" ? "" : `, ${columns}`;
      return `ENGINE = Replicated${name}(${REPLICA}${given})`;
    })
    .replace(/\bnon_replicated_deduplication_window\b/, "replicated_deduplication_window");
}
