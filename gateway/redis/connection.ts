import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { UsageStoreError } from "../usage-store.ts";

export interface RedisConnection {
  /** Rejects with {@link UsageStoreError}; whether the script ran is then unknown, unless `RedisAway` says that it was not sent. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Fields of a hash, for each key. */
  hashFields(keys: readonly string[], fields: readonly string[]): Promise<(string | null)[][]>;
  get(key: string): Promise<string | null>;
  bytes(key: string): Promise<Buffer | null>;
  /** For so long. */
  keepBytes(key: string, bytes: Buffer, lifetimeMs: number): Promise<void>;
  forgetBytes(key: string): Promise<void>;
  setHashFields(key: string, fields: Readonly<Record<string, number | string>>): Promise<void>;
  hash(key: string): Promise<Record<string, string>>;
  hashValues(key: string): Promise<string[]>;
  /** Members of a sorted set, in its order. */
  members(key: string): Promise<string[]>;
  info(section: string): Promise<string>;
  close(): Promise<void>;
}

/** The command was not sent: there is no connection. */
export class RedisAway extends UsageStoreError {}

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export interface ConnectionOptions {
  /** `redis://` or `rediss://` (TLS) with user, password and database; `?cluster=1`: the first node of a cluster. */
  readonly url: string;
  /** Loaded at each connection, so that a script's first use is one round trip, too. */
  readonly scripts: readonly Script[];
  readonly onError: (error: unknown) => void;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** A command that is not answered by then is given up; its effect is unknown. */
const COMMAND_TIMEOUT_MS = 2_000;
/** How long a command may wait for a connection that is being made again. */
const RECONNECT_WAIT_MS = 250;
const FIRST_START_WAIT_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 500;
/** Waiting for a connection at once; more than that are refused at once. */
const MAX_WAITING = 5_000;

/** The scripts of this folder begin with what they all ask first. */
export function readScript(name: string): Script {
  const read = (file: string): string => readFileSync(new URL(`./${file}`, import.meta.url), "utf8");
  const text = read("lineage.lua") + read(name);
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

/** Connects, or rejects. Later the connection is made again by itself, for ever; meanwhile commands fail within a bound. */
export async function connectRedis({ url, scripts, onError }: ConnectionOptions): Promise<RedisConnection> {
  const redis = createRedis(url);
  redis.on("error", onError);
  const loadScripts = () => Promise.all(scripts.map(({ text }) => redis.script("LOAD", text)));
  redis.on("ready", () => loadScripts().catch(onError));
  let waiting = 0;

  async function whenReady(maxMs: number): Promise<void> {
    if (redis.status === "ready") return;
    if (waiting >= MAX_WAITING) throw new RedisAway("Redis is away, and too many requests wait for it");
    waiting += 1;
    try {
      await readyWithin(redis, maxMs);
    } finally {
      waiting -= 1;
    }
  }

  async function ask<Answer>(what: string, send: () => Promise<Answer>): Promise<Answer> {
    await whenReady(RECONNECT_WAIT_MS);
    try {
      return await send();
    } catch (cause) {
      throw new UsageStoreError(`Redis did not ${what}`, { cause });
    }
  }

  async function evaluate({ text, sha1 }: Script, keys: readonly string[], args: readonly string[]) {
    try {
      return await redis.evalsha(sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.eval(text, keys.length, ...keys, ...args);
    }
  }

  try {
    await whenReady(FIRST_START_WAIT_MS);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return {
    run: (script, keys, args) => ask("run a script", () => evaluate(script, keys, args)),
    hashFields: (keys, fields) =>
      ask("tell counters", () => Promise.all(keys.map((key) => redis.hmget(key, ...fields)))),
    get: (key) => ask("tell a reservation", () => redis.get(key)),
    bytes: (key) => ask("tell an answer", () => redis.getBuffer(key)),
    keepBytes: (key, bytes, lifetimeMs) =>
      ask("take an answer", async () => {
        await redis.set(key, bytes, "PX", lifetimeMs);
      }),
    forgetBytes: (key) =>
      ask("forget an answer", async () => {
        await redis.unlink(key);
      }),
    setHashFields: (key, fields) =>
      ask("take fields", async () => {
        await redis.hset(key, fields);
      }),
    hash: (key) => ask("tell a hash", () => redis.hgetall(key)),
    hashValues: (key) => ask("tell a hash", () => redis.hvals(key)),
    members: (key) => ask("tell a set", () => redis.zrange(key, 0, -1)),
    info: (section) => ask("tell about itself", () => redis.info(section)),
    async close() {
      if (redis.status === "ready") await redis.quit();
      else redis.disconnect();
    },
  };
}

/** A Redis that throws keys away when memory is short would forget what was spent. */
export async function requireNoEviction(redis: RedisConnection): Promise<void> {
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (policy !== undefined && policy !== "noeviction")
    throw new UsageStoreError(
      `Redis has maxmemory-policy ${policy}, but counters may never be evicted: set noeviction`,
    );
}

function createRedis(url: string): Redis | Cluster {
  const parsed = new URL(url);
  const cluster = parsed.searchParams.get("cluster") === "1";
  parsed.search = "";
  const options: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    // Nothing is sent twice, or later than its caller waits for it.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    retryStrategy: (times) => Math.min(times * 20, MAX_RECONNECT_DELAY_MS),
  };
  if (!cluster) return new Redis(parsed.href, options);
  const { hostname, port, username, password, protocol } = parsed;
  return new Cluster([{ host: hostname, port: Number(port || "6379") }], {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    clusterRetryStrategy: (times) => Math.min(times * 20, MAX_RECONNECT_DELAY_MS),
    redisOptions: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === "rediss:" ? { tls: {} } : {}),
    },
  });
}

function readyWithin(redis: Redis | Cluster, maxMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      end();
    };
    const onReady = () => finish(resolve);
    const timer = setTimeout(
      () => finish(() => reject(new RedisAway("there is no connection to Redis"))),
      maxMs,
    );
    redis.once("ready", onReady);
  });
}
