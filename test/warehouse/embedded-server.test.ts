import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
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

test("the owner may write, the reports' user may only read, and nobody gets in without a password", async () => {
  const server = await start();
  await migrate({ url: server.url });
  const owner = openWarehouse({ url: server.url });
  const reports = openWarehouse({ url: server.reportsUrl });
  const nobody = openWarehouse({ url: server.url.replace(/vigor:[^@]+@/, "default:@") });
  try {
    await owner.insert("settings", [{ key: "timezone", value: "UTC" }]);
    const row = z.object({ value: z.string() });
    expect(await reports.query({ sql: "SELECT value FROM settings FINAL", row })).toEqual([{ value: "UTC" }]);
    const forbidden = [
      "INSERT INTO settings (key, value) VALUES ('a', 'b')",
      "ALTER TABLE settings DELETE WHERE 1",
      "CREATE TABLE x (a Int8) ENGINE = Memory",
      "DROP TABLE settings",
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
      "SYSTEM SHUTDOWN",
    ];
    for (const sql of forbidden) {
      await expect(reports.command(sql), sql).rejects.toMatchObject({ code: "497", retryable: false });
    }
    for (const sql of [...forbidden, "SELECT * FROM settings"]) {
      await expect(nobody.command(sql), sql).rejects.toMatchObject({ code: "497" });
    }
  } finally {
    await Promise.all([owner.close(), reports.close(), nobody.close()]);
  }
});

test("only the owner of the files can read the passwords, and they stay the same", async () => {
  const port = await freePort();
  await (await start(port)).stop();
  const before = readEmbeddedCredentials(dataDirectory);
  await (await start(port)).stop();
  expect(readEmbeddedCredentials(dataDirectory)).toEqual(before);
  for (const file of ["credentials.json", `config-${port}.xml`]) {
    expect((await stat(join(dataDirectory, file))).mode & 0o777, file).toBe(0o600);
  }
});

test("a taken port is named, with the variable that changes it", async () => {
  const taken: Server = createServer().listen(0, host);
  await once(taken, "listening");
  const address = taken.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
