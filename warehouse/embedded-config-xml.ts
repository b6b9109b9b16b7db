import { totalmem } from "node:os";
import type { EmbeddedConfig } from "./embedded-config.ts";
import { SECRET_HEADER } from "./gate/engine.ts";
import { READER } from "./gate/gate.ts";

const MAX_MEMORY_BYTES = 4 * 2 ** 30;

/** What a reader may change of a query, by parameter or SETTINGS. None cuts an answer short, names a file, or changes what SQL means. */
const READERS_SETTINGS = [
  "async_insert",
  "date_time_output_format",
  "enable_http_compression",
  "extremes",
  "final",
  "group_by_use_nulls",
  "http_headers_progress_interval_ms",
  "http_wait_end_of_query",
  "http_write_exception_in_output_format",
  "http_zlib_compression_level",
  "join_use_nulls",
  "log_comment",
  "max_block_size",
  "max_threads",
  "network_compression_method",
  "output_format_arrow_string_as_string",
  "output_format_csv_crlf_end_of_line",
  "output_format_decimal_trailing_zeros",
  "output_format_json_array_of_rows",
  "output_format_json_escape_forward_slashes",
  "output_format_json_named_tuples_as_objects",
  "output_format_json_quote_64bit_floats",
  "output_format_json_quote_64bit_integers",
  "output_format_json_quote_decimals",
  "output_format_json_quote_denormals",
  "output_format_native_encode_types_in_binary_format",
  "output_format_parquet_string_as_string",
  "output_format_pretty_color",
  "output_format_pretty_max_rows",
  "send_progress_in_http_headers",
  "session_timezone",
  "totals_mode",
];
/** The longest that the engine takes. */
const LIFETIME_SECONDS = 2_000_000_000;
const READERS_MAX_SECONDS = 600;

interface ConfigXml extends EmbeddedConfig {
  readonly configPath: string;
  readonly ownerPassword: string;
}

/**
 * Whoever does not send the owner's password or the gate's secret finds nothing: every path is 404. The owner's rule asks for the header that
 * its clients send anyway; the readers' rule has its user, which nothing in a request can change.
 *
 * `default` has to stay without a password, because the engine's own first session runs as `default` and cannot
 * send one. It has no rights but to open the listener, and a quota of the two queries of that session: whoever has the owner's password and
 * asks as `default` may do nothing more. Users live in this file: the engine cannot create them by SQL. `readonly` 1 lets readers
 * change only what is listed.
 *
 * `vigor` may also make databases whose names begin like its own: for copies, benchmarks and tests.
 *
 * Inserts are fsynced: a recorded log offset must never survive a power cut that its rows did not.
 */
export function configXml({ configPath, gate, enginePort, gateSecret, ownerPassword }: ConfigXml): string {
  const owner = `<Authorization>Basic ${Buffer.from(`vigor:${ownerPassword}`).toString("base64")}</Authorization>`;
  const reader = `<${SECRET_HEADER}>${gateSecret}</${SECRET_HEADER}>`;
  return `<clickhouse>
  <listen_host>${gate.host}</listen_host>
  <http_port>${enginePort}</http_port>
  <max_server_memory_usage>${Math.min(MAX_MEMORY_BYTES, Math.floor(totalmem() / 2))}</max_server_memory_usage>
  <mark_cache_size>268435456</mark_cache_size>
  <timezone>UTC</timezone>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
  </merge_tree>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
    <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
  </access_control_improvements>
  <http_handlers>
    <rule><url>/ping</url><headers>${owner}</headers><handler><type>ping</type></handler></rule>
    <rule><url>/ping</url><headers>${reader}</headers><handler><type>ping</type></handler></rule>
    <rule>
      <headers>${owner}</headers>
      <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>
    </rule>
    <rule>
      <methods>POST</methods><headers>${reader}</headers>
      <handler>
        <type>dynamic_query_handler</type><query_param_name>query</query_param_name><user>${READER}</user>
      </handler>
    </rule>
  </http_handlers>
  <profiles>
    <default><async_insert>0</async_insert></default>
    <readers>
      <readonly>1</readonly>
      <async_insert>0</async_insert>
      <allow_introspection_functions>0</allow_introspection_functions>
      <max_execution_time>60</max_execution_time>
      <cancel_http_readonly_queries_on_client_close>1</cancel_http_readonly_queries_on_client_close>
      <constraints>
        <max_execution_time><min>1</min><max>${READERS_MAX_SECONDS}</max><changeable_in_readonly/></max_execution_time>
${READERS_SETTINGS.map((name) => `        <${name}><changeable_in_readonly/></${name}>`).join("\n")}
      </constraints>
    </readers>
  </profiles>
  <quotas>
    <default></default>
    <engine><interval><duration>${LIFETIME_SECONDS}</duration><queries>2</queries></interval></engine>
  </quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>engine</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <vigor>
      <password>${ownerPassword}</password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota>
      <grants>
        <query>GRANT ALL ON vigor*.*</query>
        <query>GRANT SELECT ON system.*</query>
        <query>GRANT TABLE ENGINE, CREATE TEMPORARY TABLE, KILL QUERY, SYSTEM FLUSH, SYSTEM VIEWS ON *.*</query>
      </grants>
    </vigor>
    <${READER}>
      <password>${gateSecret}</password>
      <networks><ip>::/0</ip></networks>
      <profile>readers</profile><quota>default</quota>
      <grants>
        <query>GRANT SELECT ON vigor.*</query>
        <query>GRANT SELECT ON information_schema.*</query>
        <query>GRANT SELECT ON INFORMATION_SCHEMA.*</query>
        <query>GRANT SELECT ON system.parts</query>
      </grants>
    </${READER}>
  </users>
  <user_directories><users_xml><path>${configPath}</path></users_xml></user_directories>
</clickhouse>
`;
}
