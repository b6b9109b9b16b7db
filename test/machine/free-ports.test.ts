import { createServer, type Server } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../config.ts";
import { freePorts } from "../../machine/free-ports.ts";
import { freePort } from "../warehouse/test-warehouse.ts";

const CATALOG_FILE = resolve(import.meta.dirname, "../../catalog.yaml");
const ALL_KEYS = { OPENAI_API_KEY: "key", GEMINI_API_KEY: "key", PERPLEXITY_API_KEY: "key" };

let taken: Server;
let ports: Record<string, string>;
beforeAll(async () => {
  ports = {
    GATEWAY_PORT: String(await freePort()),
    CONTROL_PORT: String(await freePort()),
    WAREHOUSE_PORT: String(await freePort()),
    SIMULATED_PROVIDER_PORT: String(await freePort()),
  };
  taken = createServer();
  await new Promise<void>((done) =>
    taken.listen({ host: "127.0.0.1", port: Number(ports.SIMULATED_PROVIDER_PORT) }, done),
  );
});
afterAll(() => new Promise((done) => taken.close(done)));

it("the port of the simulated provider may be taken as long as every provider has a key", async () => {
  await freePorts(loadConfig({ CATALOG_FILE, ...ports, ...ALL_KEYS }));
});

it("where a provider is simulated, its port that is taken is named with the variable that changes it", async () => {
  const { OPENAI_API_KEY: _none, ...keys } = ALL_KEYS;
  await expect(freePorts(loadConfig({ CATALOG_FILE, ...ports, ...keys }))).rejects.toThrow(
    `port ${ports.SIMULATED_PROVIDER_PORT} is taken: stop what listens there, or set SIMULATED_PROVIDER_PORT`,
  );
});
