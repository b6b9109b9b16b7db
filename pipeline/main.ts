import { v7 as uuidv7 } from "uuid";
import { openCatalog } from "../catalog.ts";
import { isAllSimulated } from "../gateway/providers/needs-stand-in.ts";
import { adminToken } from "../machine/admin-token.ts";
import { type Role, runRole } from "../machine/role.ts";
import {
  migrateWarehouse,
  openConfiguredLeadership,
  openConfiguredReports,
  openConfiguredWarehouse,
  openEventLog,
  openGatewayClient,
} from "../wiring.ts";
import { startPipeline } from "./start.ts";

const pipeline: Role = {
  name: "pipeline",
  summary: "The scheduler and the control API on CONTROL_PORT: metrics, forecasts, rules, directives.",
  async start({ config, logger }) {
    const catalog = await openCatalog(config.catalogFile, logger);
    const { token } = await adminToken(config);
    await migrateWarehouse(config);
    const log = await openEventLog(config, { writer: "pipeline", logger });
    const warehouse = openConfiguredWarehouse(config);
    const gateway = openGatewayClient(config, token);
    const leadership = openConfiguredLeadership(config, warehouse);
    const running = await startPipeline({
      ...(leadership === null ? {} : { leadership }),
      log,
      warehouse,
      catalog: catalog.current,
      catalogProblems: catalog.problems,
      now: Date.now,
      newId: uuidv7,
      adminToken: token,
      viewerToken: config.viewerToken,
      trustedProxies: config.trustedProxies,
      usageOf: gateway.usageOf,
      gatewayTotals: gateway.totals,
      secretOf: config.providerKey,
      // On servers only the gateways have the providers' keys: what is simulated beside them never steers.
      maySimulatedSteer: () =>
        config.eventLog.adapter === "embedded" && isAllSimulated(catalog.current(), config.providerKey),
      reports: openConfiguredReports(config),
      reportsDir: config.dataDir,
      logger,
      host: config.bindHost,
      port: config.controlPort,
    });
    logger.info(`listening on http://${config.bindHost}:${config.controlPort}`);
    return {
      async close() {
        await running.close();
        await log.close();
        await warehouse.close();
        catalog.close();
        return null;
      },
    };
  },
};

await runRole(pipeline);
