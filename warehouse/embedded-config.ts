import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OWNER_ONLY_FILE, writePrivateOnce } from "../runtime/private-files.ts";
import { configXml } from "./embedded-config-xml.ts";

const PASSWORD_BYTES = 24;

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

/** The owner asks the engine itself, readers ask the gate. */
export interface EmbeddedUrlOptions extends ListenAddress {
  readonly credentials: EmbeddedCredentials;
}

const endpoint = z.object({ enginePort: z.number().int().min(1).max(65_535) });

/** Where the engine listens whose gate is at `port`; null: none has ever run there. */
export function readEnginePort(dataDirectory: string, port: number): number | null {
  try {
    return endpoint.parse(JSON.parse(readFileSync(endpointPath(dataDirectory, port), "utf8"))).enginePort;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface EmbeddedConfig {
  /** Where the gate listens, and by whose port the directory's files are named. */
  readonly gate: ListenAddress;
  readonly enginePort: number;
  /** What the gate shows the engine, made anew at each start. */
  readonly gateSecret: string;
}

/** The passwords of the data directory: made once, kept for ever. */
export function makeEmbeddedCredentials(dataDirectory: string): EmbeddedCredentials {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const made: EmbeddedCredentials = { vigor: newSecret(), reports: newSecret() };
  writePrivateOnce(credentialsPath(dataDirectory), `${JSON.stringify(made)}\n`);
  return readEmbeddedCredentials(dataDirectory);
}

/**
 * Writes what the engine needs into the data directory, and where it listens.
 *
 * A running engine loads its configuration again when the file changes. So a start that will be refused, because the
 * directory is in use, must not touch the files of the server that uses it: their names hold the gate's port, which only
 * one process can have, and this one has it already.
 */
export function writeEmbeddedConfig(
  dataDirectory: string,
  config: EmbeddedConfig,
): { configPath: string; storePath: string } {
  const storePath = join(dataDirectory, "store");
  mkdirSync(storePath, { recursive: true, mode: 0o700 });
  const configPath = join(dataDirectory, `config-${config.gate.port}.xml`);
  const credentials = readEmbeddedCredentials(dataDirectory);
  replaceFile(configPath, configXml({ ...config, configPath, ownerPassword: credentials.vigor }));
  replaceFile(
    endpointPath(dataDirectory, config.gate.port),
    `${JSON.stringify({ enginePort: config.enginePort })}\n`,
  );
  return { configPath, storePath };
}

function replaceFile(path: string, text: string): void {
  const draftPath = `${path}.${process.pid}`;
  writeFileSync(draftPath, text, { mode: OWNER_ONLY_FILE });
  renameSync(draftPath, path);
}

function endpointPath(dataDirectory: string, port: number): string {
  return join(dataDirectory, `endpoint-${port}.json`);
}

function credentialsPath(dataDirectory: string): string {
  return join(dataDirectory, "credentials.json");
}

export function newSecret(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}
