import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import type { SharedAnswers } from "../../gateway/cache/shared-answers.ts";
import { type RunningGateway, startGateway } from "../../gateway/start-gateway.ts";
import type { Tracing } from "../../gateway/tracing/tracing.ts";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import type { UsageStore } from "../../gateway/usage-store.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog, RecordLog } from "../../ingest/event-log.ts";
import { settledRequests } from "../../ingest/settled-requests.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import type { DirectiveInstruction } from "../../models/domain/directive.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { type SimulatedProvider, startSimulatedProvider } from "../../simulated-provider/server.ts";
import { readableLog } from "./readable-log.ts";
import { testCatalog } from "./test-catalog.ts";

export interface TestGateway {
  readonly url: string;
  readonly key: string;
  readonly adminToken: string;
  readonly log: EventLog;
  /** The same, as the sink reads it. */
  readonly records: RecordLog;
  readonly usage: UsageStore;
  readonly provider: SimulatedProvider;
  readonly running: RunningGateway;
  /** The official client for one end user; it never tries again by itself. */
  client(user: string): OpenAI;
  /** A chat request with plain `fetch`. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  setTier(user: string, tier: string): Promise<void>;
  direct(instruction: DirectiveInstruction, expiresInMs: number): Promise<string>;
  setCatalog(catalog: Catalog): void;
  /** Every request event in the log, after what is pending was written. */
  events(): Promise<RequestEvent[]>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly catalog?: Catalog;
  readonly directory?: string;
  readonly now?: () => number;
  readonly monotonicMs?: () => number;
  readonly provider?: SimulatedProvider;
  readonly limits?: Parameters<typeof startGateway>[0]["limits"];
  readonly tracing?: Tracing;
  readonly sharedAnswers?: SharedAnswers;
}

/** A real gateway on a free port: embedded log and usage store in a temporary directory, a simulated provider over HTTP. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "vigor-gateway-")));
  const now = options.now ?? Date.now;
  const records = await openEmbeddedEventLog({ directory: join(directory, "log"), writer: "gateway" });
  const log = readableLog(records);
  const usage = await openEmbeddedUsageStore({
    directory: join(directory, "usage"),
    now,
    settledSince: (sinceMs) => settledRequests(log, sinceMs),
  });
  const provider = options.provider ?? (await startSimulatedProvider({ latencyScale: 0 }));
  const key = `vk-${randomBytes(12).toString("hex")}`;
  await append(log, "keys", "test", {
    type: "created",
    id: "test",
    name: "test",
    key_sha256: createHash("sha256").update(key).digest("hex"),
    ts: now(),
  });
  let catalog = options.catalog ?? testCatalog();
  const listeners: (() => void)[] = [];
  const adminToken = "an-admin-token-of-tests";
  const running = await startGateway({
    log,
    usage,
    catalog: { current: () => catalog, onChange: (listener) => listeners.push(listener) },
    keyOf: () => null,
    simulatedUrl: provider.url,
    adminToken,
    logger: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    cacheDirectory: join(directory, "cache"),
    now,
    ...(options.monotonicMs === undefined ? {} : { monotonicMs: options.monotonicMs }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    tracing: options.tracing ?? null,
    sharedAnswers: options.sharedAnswers ?? null,
  });
  const url = `http://127.0.0.1:${running.port}`;

  return {
    url,
    key,
    adminToken,
    log,
    records,
    usage,
    provider,
    running,
    client: (user) =>
      new OpenAI({
        baseURL: `${url}/v1`,
        apiKey: key,
        maxRetries: 0,
        defaultHeaders: { "x-vigor-user": user },
      }),
    post: (body, headers = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    setTier: (user, tier) =>
      append(log, "users", user, {
        type: "set",
        event_id: uuidv7(),
        user_id: user,
        ts: now(),
        tier,
        actor: "test",
      }),
    async direct(instruction, expiresInMs) {
      const id = uuidv7();
      const directive = {
        id,
        issuedBy: { type: "admin", name: "test" },
        reason: "a test",
        evidence: null,
        issuedAt: now(),
        expiresAt: now() + expiresInMs,
        ...instruction,
      };
      await append(log, "directives", id, { type: "issued", directive });
      return id;
    },
    setCatalog(next) {
      catalog = next;
      for (const listener of listeners) listener();
    },
    async events() {
      await running.gateway.recorder.flushed(5_000);
      const events: RequestEvent[] = [];
      for await (const event of log.scan("requests", 0)) events.push(event);
      return events;
    },
    async close() {
      await running.close();
      await usage.close();
      await log.close();
      if (options.provider === undefined) await provider.close();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function append(
  log: EventLog,
  topic: Parameters<EventLog["append"]>[0],
  key: string,
  event: unknown,
): Promise<void> {
  await log.append(topic, [{ key, value: Buffer.from(JSON.stringify(event)) }]);
}
