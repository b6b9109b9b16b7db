import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openWarehouse } from "../../warehouse/client.ts";
import {
  type EmbeddedWarehouse,
  readEmbeddedCredentials,
  startEmbeddedWarehouse,
} from "../../warehouse/embedded-server.ts";
import { migrate } from "../../warehouse/migrate.ts";
import { freePort } from "./test-warehouse.ts";

const host = "127.0.0.1";
let dataDirectory: string;
const started: EmbeddedWarehouse[] = [];

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "vigor-embedded-test-"));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await rm(dataDirectory, { recursive: true, force: true });
});

test("the owner may write, and the reports' user may only read", async () => {
  const server = await start();
  await migrate({ url: server.url });
  const owner = openWarehouse({ url: server.url });
  const reports = openWarehouse({ url: server.reportsUrl });
  try {
    await owner.insert("settings", [{ key: "timezone", value: "UTC" }]);
    const row = z.object({ value: z.string() });
    expect(await reports.query({ sql: "SELECT value FROM settings FINAL", row })).toEqual([{ value: "UTC" }]);
    const written = reports.insert("settings", [{ key: "timezone", value: "Europe/Berlin" }]);
    await expect(written).rejects.toMatchObject({ code: "497", retryable: false });
  } finally {
    await Promise.all([owner.close(), reports.close()]);
  }
});

test("the engine has the same port after a restart, so that whoever writes finds it again", async () => {
  const port = await freePort();
  const first = await start(port);
  await first.stop();
  expect((await start(port)).url).toBe(first.url);
});

test("the warehouse's process ends when its engine's listener is gone, so that its supervisor starts it again", async () => {
  const engine = createHttpServer((_, response) => response.end("Ok.\n")).listen(0, host);
  await once(engine, "listening");
  const program = gateProgram({ enginePort: portOf(engine), port: await freePort() });
  const child = spawn(process.execPath, ["--import", "@oxc-node/core/register", "-e", program], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const asked = once(engine, "request");
  await once(createInterface({ input: child.stdout }), "line");
  await asked;
  engine.closeAllConnections();
  engine.close();
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  expect(said).toContain("the engine's listener is gone");
});

test("only the owner of the files can read the passwords, and they stay the same", async () => {
  const port = await freePort();
  await (await start(port)).stop();
  const before = readEmbeddedCredentials(dataDirectory);
  await (await start(port)).stop();
  expect(readEmbeddedCredentials(dataDirectory)).toEqual(before);
  for (const file of ["credentials.json", `config-${port}.xml`, `endpoint-${port}.json`]) {
    expect((await stat(join(dataDirectory, file))).mode & 0o777, file).toBe(0o600);
  }
});

test("a taken port is named, with the variable that changes it", async () => {
  const taken: Server = createServer().listen(0, host);
  await once(taken, "listening");
  const port = portOf(taken);
  await expect(start(port)).rejects.toThrow(`port ${port} is taken`);
  await expect(start(port)).rejects.toThrow("WAREHOUSE_PORT");
  taken.close();
});

test("a data directory that another server uses is refused, and that server goes on", async () => {
  const first = await start();
  await expect(start()).rejects.toThrow(`${dataDirectory} is in use by another process`);
  const warehouse = openWarehouse({ url: first.url, database: "system" });
  await expect(warehouse.ping()).resolves.toBe(true);
  await warehouse.close();
});

test("the server says that it has ended, whoever ended it", async () => {
  const server = await start();
  process.kill(server.pid, "SIGKILL");
  expect(await server.exited).toMatchObject({ signal: "SIGKILL" });
});

test("the server ends with the process that started it, even when that is killed", async () => {
  const parent = spawn(
    process.execPath,
    ["--import", "@oxc-node/core/register", "-e", parentProgram(await freePort())],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const pid = Number(line);
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});

async function start(port?: number): Promise<EmbeddedWarehouse> {
  const server = await startEmbeddedWarehouse({ dataDirectory, host, port: port ?? (await freePort()) });
  started.push(server);
  return server;
}

function parentProgram(port: number): string {
  const module = new URL("../../warehouse/embedded-server.ts", import.meta.url).href;
  const options = JSON.stringify({ dataDirectory, host, port });
  return `import(${JSON.stringify(module)}).then(async ({ startEmbeddedWarehouse }) => {
    console.log((await startEmbeddedWarehouse(${options})).pid);
  });`;
}

/** The gate's thread alone, in front of an engine that the test plays. */
function gateProgram({ enginePort, port }: { enginePort: number; port: number }): string {
  const thread = new URL("../../warehouse/gate/gate-thread.ts", import.meta.url).href;
  const workerData = {
    host,
    port,
    password: "p",
    engineUrl: `http://${host}:${enginePort}`,
    engineSecret: "s",
  };
  const options = { workerData, execArgv: ["--import", import.meta.resolve("@oxc-node/core/register")] };
  return `import("node:worker_threads").then(({ Worker }) => {
    new Worker(new URL(${JSON.stringify(thread)}), ${JSON.stringify(options)}).once("message", console.log);
  });`;
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
