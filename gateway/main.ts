import { join } from "node:path";
import { openCatalog } from "../catalog.ts";
import { adminToken } from "../machine/admin-token.ts";
import { type Role, runRole } from "../machine/role.ts";
import { openEventCounts, openEventLog, openSharedAnswers, openTracing, openUsageStore } from "../wiring.ts";
import { startGateway } from "./start-gateway.ts";

const gateway: Role = {
  name: "gateway",
  summary: "The data plane: answers apps on GATEWAY_PORT, keeps budgets, records every request.",
  async start({ config, logger }) {
    const catalog = await openCatalog(config.catalogFile, logger);
    const { token } = await adminToken(config);
    const log = await openEventLog(config, { writer: "gateway", logger });
    const usage = await openUsageStore(config, {
      log,
      logger,
      timezone: () => catalog.current().timezone,
    });
    const counts = await openEventCounts(config, log, logger);
    const sharedAnswers = await openSharedAnswers(config, logger);
    const tracing = await openTracing(config, logger);
    const running = await startGateway({
      log,
      usage,
      catalog,
      keyOf: config.providerKey,
      simulatedUrl: config.simulatedProviderUrl,
      adminToken: token,
      logger,
      host: config.bindHost,
      port: config.gatewayPort,
      drainMs: config.gatewayDrainMs,
      stopMs: config.gatewayStopMs,
      cacheDirectory: join(config.dataDir, "cache"),
      sharedAnswers,
      eventsOfAll: counts?.total,
      tracing,
    });
    const { providers } = running.gateway;
    const simulated = [...providers.simulated()];
    if (simulated.length > 0)
      logger.warn(`SIMULATED providers, no key was given for: ${simulated.join(", ")}`);
    const unavailable = [...providers.unavailable()];
    if (unavailable.length > 0)
      logger.warn(`providers without a key, never called: ${unavailable.join(", ")}`);
    logger.info(`listening on http://${config.bindHost}:${running.port}`);
    return {
      async close() {
        const unfinished = await running.close();
        await tracing?.close();
        await counts?.close();
        await sharedAnswers?.close();
        await usage.close();
        await log.close();
        catalog.close();
        if (unfinished === 0) return null;
        return `${unfinished} requests could not end in time: they are charged at their bound at the next start`;
      },
    };
  },
};

await runRole(gateway);
