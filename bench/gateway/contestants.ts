import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { v7 as uuidv7 } from "uuid";
import { stringify } from "yaml";
import { childEnvironment } from "../../config.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { type ProcessFigures, processFigures } from "./process-figures.ts";

/** A proxy under test, as a process of its own. */
export interface Contestant {
  readonly name: string;
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly figures: ProcessFigures;
}

export interface Stage {
  readonly directory: string;
  readonly upstream: string;
  /** Every process that was started, to be ended at the end. */
  readonly children: ChildProcess[];
}

const ROOT = resolve(import.meta.dirname, "../..");
const HERE = import.meta.dirname;
const PORTKEY = {
  dependencies: { "@portkey-ai/gateway": "1.15.2" },
  overrides: { hono: "4.9.7", "@hono/node-server": "1.3.3" },
};
const START_WAIT_MS = 60_000;
const INSTALL_WAIT_MS = 180_000;
const LOOK_EVERY_MS = 50;
const USERS_TIER = "unlimited";
const USER = "bench-user";
const CACHED_FEATURE = "advice";

export async function startUpstream(children: ChildProcess[]): Promise<string> {
  const port = await freePort();
  start(children, ["--import", "@oxc-node/core/register", join(HERE, "mock-upstream.ts"), String(port)]);
  const origin = `http://127.0.0.1:${port}`;
  await untilAnswered(`${origin}/`);
  return origin;
}

export async function startRaw({ children, upstream }: Stage): Promise<Contestant> {
  const port = await freePort();
  const child = start(children, [
    "--import",
    "@oxc-node/core/register",
    join(HERE, "raw-proxy.ts"),
    String(port),
    upstream,
  ]);
  return contestant("raw", { port, child, headers: {} });
}

/**
 * Keys, tiers, budgets in every scope, the journal of reservations, an event for each request in the log; `vigor` with a cache key
 * for each request and its answer kept, `vigorUncached` for a feature that is not cached: the same process.
 */
export async function startVigor({ children, directory, upstream }: Stage): Promise<Contestant[]> {
  const dataDir = join(directory, "data");
  const catalogFile = join(directory, "catalog.yaml");
  await mkdir(dataDir, { recursive: true });
  await writeFile(catalogFile, stringify(catalogFor(upstream)));
  const key = await makeKey(join(dataDir, "log"));
  const port = await freePort();
  const environment = {
    VIGOR_DATA_DIR: dataDir,
    CATALOG_FILE: catalogFile,
    GATEWAY_PORT: String(port),
    ADMIN_TOKEN: randomUUID(),
    LOG_LEVEL: "warn",
    NODE_ENV: "production",
  };
  const parameters = [
    "--max-semi-space-size=32",
    "--import",
    "@oxc-node/core/register",
    join(ROOT, "gateway/main.ts"),
  ];
  const child = start(children, parameters, environment);
  const headers = { authorization: `Bearer ${key}`, "x-vigor-user": USER };
  const uncached = await contestant("vigorUncached", { port, child, headers, ready: "/readyz" });
  const cached = { ...uncached.headers, "x-vigor-feature": CACHED_FEATURE };
  return [{ ...uncached, name: "vigor", headers: cached }, uncached];
}

/** Throws when the registry does not hold it. */
export async function startPortkey({ children, directory, upstream }: Stage): Promise<Contestant> {
  const home = join(directory, "portkey");
  await mkdir(home);
  await writeFile(join(home, "package.json"), JSON.stringify({ private: true, ...PORTKEY }));
  // By itself it listens on all interfaces.
  await writeFile(join(home, "loopback.cjs"), LOOPBACK);
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: home,
    timeout: INSTALL_WAIT_MS,
  });
  const port = await freePort();
  const main = join(home, "node_modules/@portkey-ai/gateway/build/start-server.js");
  const child = start(children, ["-r", join(home, "loopback.cjs"), main, `--port=${port}`, "--headless"]);
  const headers = {
    authorization: "Bearer upstream",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${upstream}/v1`,
  };
  return contestant("portkey", { port, child, headers });
}

const LOOPBACK = `const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
  const callback = rest.findLast((part) => typeof part === "function");
  const port = typeof first === "object" ? first.port : first;
  return listen.call(this, { port, host: "127.0.0.1" }, callback);
};
`;

async function contestant(
  name: string,
  {
    port,
    child,
    headers,
    ready = "/",
  }: { port: number; child: ChildProcess; headers: Record<string, string>; ready?: string },
): Promise<Contestant> {
  const origin = `http://127.0.0.1:${port}`;
  await untilAnswered(origin + ready);
  if (child.pid === undefined) throw new Error(`${name} has no process`);
  return {
    name,
    origin,
    headers: { "content-type": "application/json", ...headers },
    figures: processFigures(child.pid),
  };
}

function catalogFor(upstream: string): object {
  const limits = { dailyRequests: 100_000_000, weeklyBudget: 1_000_000, monthlyBudget: 1_000_000 };
  return {
    defaultTier: USERS_TIER,
    tiers: { [USERS_TIER]: { ...limits, allowedProviders: ["bench"], monthlyPrice: 50 } },
    providers: {
      bench: {
        adapter: "openai",
        baseUrl: `${upstream}/v1`,
        model: "bench-model",
        price: { inputPerMillion: 0.1, outputPerMillion: 0.4 },
      },
    },
    routing: { fallbackProvider: "bench" },
    features: { [CACHED_FEATURE]: { cache: { minutes: 60, scope: "user" } } },
    safeguards: { dailyBudget: 1_000_000, weeklyBudget: 1_000_000 },
  };
}

async function makeKey(directory: string): Promise<string> {
  const key = `vk-${randomUUID()}`;
  const log = await openEmbeddedEventLog({ directory, writer: "bench" });
  const event = {
    type: "created",
    id: uuidv7(),
    name: "bench",
    key_sha256: createHash("sha256").update(key).digest("hex"),
    ts: Date.now(),
  };
  await log.append("keys", [{ key: event.id, value: Buffer.from(JSON.stringify(event)) }]);
  await log.close();
  return key;
}

function start(
  children: ChildProcess[],
  parameters: string[],
  environment: Record<string, string> = {},
): ChildProcess {
  const child = spawn(process.execPath, parameters, {
    cwd: ROOT,
    env: childEnvironment(environment),
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  return child;
}

async function untilAnswered(url: string): Promise<void> {
  const deadlineMs = performance.now() + START_WAIT_MS;
  for (;;) {
    const answered = await fetch(url).then(
      (response) => response.status !== 503,
      () => false,
    );
    if (answered) return;
    if (performance.now() > deadlineMs) throw new Error(`${url} did not answer within ${START_WAIT_MS} ms`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
