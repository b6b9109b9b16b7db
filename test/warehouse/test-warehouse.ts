import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWarehouse } from "../../warehouse/client.ts";
import { type EmbeddedWarehouse, startEmbeddedWarehouse } from "../../warehouse/embedded-server.ts";
import { migrate } from "../../warehouse/migrate.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

export interface TestWarehouse {
  readonly warehouse: Warehouse;
  readonly url: string;
  readonly reportsUrl: string;
  /** A directory for the test's own files, deleted with the rest. */
  readonly directory: string;
  /** Ends the server, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A real, migrated ClickHouse in a temporary directory on a free port. */
export async function startTestWarehouse(): Promise<TestWarehouse> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-warehouse-test-"));
  const options = { dataDirectory: join(directory, "warehouse"), host: "127.0.0.1", port: await freePort() };
  let server: EmbeddedWarehouse = await startEmbeddedWarehouse(options);
  await migrate({ url: server.url });
  const warehouse = openWarehouse({ url: server.url });
  return {
    warehouse,
    url: server.url,
    reportsUrl: server.reportsUrl,
    directory,
    kill: () => server.stop(),
    async restart() {
      server = await startEmbeddedWarehouse(options);
    },
    async close() {
      await warehouse.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = address !== null && typeof address === "object" ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
