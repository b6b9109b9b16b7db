import { createServer } from "node:net";
import { loadCatalog } from "../catalog.ts";
import { type Config, ConfigError } from "../config.ts";
import { needsStandIn } from "../gateway/providers/needs-stand-in.ts";

/** Looks for the ports that will be needed before anything is started: throws {@link ConfigError} that names each taken port and the variable that changes it. */
export async function freePorts(config: Config): Promise<void> {
  const wanted: [variable: string, host: string, port: number][] = [
    ["GATEWAY_PORT", config.bindHost, config.gatewayPort],
    ["CONTROL_PORT", config.bindHost, config.controlPort],
  ];
  const { catalog } = await loadCatalog(config.catalogFile);
  if (needsStandIn(catalog, config.providerKey).length > 0)
    wanted.push(["SIMULATED_PROVIDER_PORT", "127.0.0.1", config.simulatedProviderPort]);
  if (config.warehouse.adapter === "embedded")
    wanted.push(["WAREHOUSE_PORT", "127.0.0.1", config.warehousePort]);
  const taken: string[] = [];
  for (const [variable, host, port] of wanted) {
    if (!(await isFree(host, port)))
      taken.push(`  port ${port} is taken: stop what listens there, or set ${variable} to another one`);
  }
  if (taken.length > 0) throw new ConfigError(["Vigor cannot start:", ...taken].join("\n"));
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(new ConfigError(`cannot listen on ${host}:${port}: ${error.message}`));
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
