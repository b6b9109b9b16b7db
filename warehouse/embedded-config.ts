import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const PASSWORD_BYTES = 24;
const OWNER_ONLY = 0o600;
const MAX_MEMORY_BYTES = 4 * 2 ** 30;

const credentials = z.object({ vigor: z.string().min(1), reports: z.string().min(1) });
/** Passwords of the two users of the embedded server: `vigor` owns the database, `reports` reads it. */
export type EmbeddedCredentials = z.infer<typeof credentials>;

/** The passwords of a data directory whose server has been started at least once. Throws when there are none. */
export function readEmbeddedCredentials(dataDirectory: string): EmbeddedCredentials {
  return credentials.parse(JSON.parse(readFileSync(credentialsPath(dataDirectory), "utf8")));
}

/** `http://<user>:<password>@<host>:<port>/vigor` for one of the users of the embedded server. */
export function embeddedUrl(user: keyof EmbeddedCredentials, options: EmbeddedUrlOptions): string {
  return `http://${user}:${options.credentials[user]}@${options.host}:${options.port}/vigor`;
}

export interface EmbeddedUrlOptions extends ListenAddress {
  readonly credentials: EmbeddedCredentials;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Writes what the engine needs into the data directory: the passwords (made once, kept for ever) and the configuration.
 *
 * A running engine loads its configuration again when the file changes. So a start that will be refused, because the
 * directory is in use, must not touch the file of the server that uses it: the file's name holds the port, and an
 * equal one is left alone.
 */
export function writeEmbeddedConfig(
  dataDirectory: string,
  listen: ListenAddress,
): { configPath: string; storePath: string } {
  const storePath = join(dataDirectory, "store");
  mkdirSync(storePath, { recursive: true, mode: 0o700 });
  createCredentialsOnce(dataDirectory);
  const configPath = join(dataDirectory, `config-${listen.port}.xml`);
  const text = configXml(configPath, listen, readEmbeddedCredentials(dataDirectory));
  if (!existsSync(configPath) || readFileSync(configPath, "utf8") !== text) replaceFile(configPath, text);
  return { configPath, storePath };
}

function replaceFile(path: string, text: string): void {
  const draftPath = `${path}.${process.pid}`;
  writeFileSync(draftPath, text, { mode: OWNER_ONLY });
  renameSync(draftPath, path);
}

/** Written aside and then linked: a file that exists is complete, and of two starts at once one wins. */
function createCredentialsOnce(dataDirectory: string): void {
  const path = credentialsPath(dataDirectory);
  if (existsSync(path)) return;
  const made: EmbeddedCredentials = { vigor: newPassword(), reports: newPassword() };
  const draftPath = `${path}.${process.pid}`;
  writeFileSync(draftPath, `${JSON.stringify(made)}\n`, { mode: OWNER_ONLY });
  try {
    linkSync(draftPath, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draftPath, { force: true });
  }
}

function credentialsPath(dataDirectory: string): string {
  return join(dataDirectory, "credentials.json");
}

function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}

/**
 * `default` has to stay without a password, because the engine's own first session runs as `default` and cannot
 * send one; instead it has no rights but to open the listener. Users live in this file: the engine cannot
 * create them by SQL. `readonly` 2 lets clients ask for compression and output formats, but not write.
 *
 * `vigor` may also make databases whose names begin like its own: for copies, benchmarks and tests.
 *
 * Inserts are fsynced: a recorded log offset must never survive a power cut that its rows did not.
 */
function configXml(configPath: string, listen: ListenAddress, passwords: EmbeddedCredentials): string {
  return `<clickhouse>
  <listen_host>${listen.host}</listen_host>
  <http_port>${listen.port}</http_port>
  <max_server_memory_usage>${Math.min(MAX_MEMORY_BYTES, Math.floor(totalmem() / 2))}</max_server_memory_usage>
  <mark_cache_size>268435456</mark_cache_size>
  <timezone>UTC</timezone>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
  </merge_tree>
  <profiles>
    <default><async_insert>0</async_insert></default>
    <readonly><readonly>2</readonly><max_execution_time>60</max_execution_time></readonly>
  </profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <vigor>
      <password>${passwords.vigor}</password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota>
      <grants>
        <query>GRANT ALL ON vigor*.*</query>
        <query>GRANT SELECT ON system.*</query>
        <query>GRANT TABLE ENGINE, CREATE TEMPORARY TABLE, KILL QUERY, SYSTEM FLUSH, SYSTEM VIEWS ON *.*</query>
      </grants>
    </vigor>
    <reports>
      <password>${passwords.reports}</password>
      <networks><ip>::/0</ip></networks>
      <profile>readonly</profile><quota>default</quota>
      <grants><query>GRANT SELECT ON vigor.*</query></grants>
    </reports>
  </users>
  <user_directories><users_xml><path>${configPath}</path></users_xml></user_directories>
</clickhouse>
`;
}
