import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Application } from "express";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLog } from "../../ingest/event-log.ts";
import { openControlApi } from "../../pipeline/control/api.ts";
import type { ControlDeps } from "../../pipeline/control/control-deps.ts";
import { type Directory, openDirectory } from "../../pipeline/directory.ts";
import { type Warehouse, WarehouseError } from "../../warehouse/warehouse.ts";
import { readableLog } from "../support/readable-log.ts";
import { testCatalog } from "./test-catalog.ts";

export const ADMIN_TOKEN = "a-token-for-tests";
export const silent = pino({ level: "silent" });

export interface TestControl {
  readonly url: string;
  /** What the server hands its requests to. */
  readonly app: Application;
  readonly log: EventLog;
  readonly directory: Directory;
  /** A call with the admin's token. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The control API over HTTP, on a real embedded log in a temporary directory. */
export async function startTestControl(given: Partial<ControlDeps> = {}): Promise<TestControl> {
  const path = await mkdtemp(join(tmpdir(), "vigor-control-test-"));
  const log = given.log ?? readableLog(await openEmbeddedEventLog({ directory: path, writer: "pipeline" }));
  const directory = await openDirectory({ log });
  const app = openControlApi({
    log,
    directory,
    warehouse: unreachableWarehouse(),
    catalog: () => testCatalog(),
    now: Date.now,
    newId: () => uuidv7(),
    adminToken: ADMIN_TOKEN,
    usageOf: async (user) => ({ user, scopes: {} }),
    gatewayTotals: async () => ({ events: 0, costNano: 0 }),
    jobs: () => [],
    logger: silent,
    ...given,
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  return {
    url,
    app,
    log,
    directory,
    call: (method, route, body) => callWithToken(url + route, method, body),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await directory.close();
      if (given.log === undefined) await log.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function callWithToken(url: string, method: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await jsonObject(response) };
}

export async function jsonObject(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json();
  if (typeof value !== "object" || value === null) throw new Error("the answer is not a JSON object");
  return Object.fromEntries(Object.entries(value));
}

/** A warehouse whose server is down. */
export function unreachableWarehouse(): Warehouse {
  const fail = (): never => {
    throw new WarehouseError("connection refused", { retryable: true });
  };
  return {
    query: async () => fail(),
    insert: async () => fail(),
    insertRaw: async () => fail(),
    command: async () => fail(),
    stream: async () => fail(),
    ping: async () => false,
    close: async () => undefined,
  };
}
