import { createHash } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { startGateway } from "../../gateway/start-gateway.ts";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { readEvents } from "../../ingest/read-events.ts";
import { resolveCatalog } from "../../models/domain/resolve-catalog.ts";
import { childSettings } from "./child-settings.ts";

/** A gateway as a process of its own, with limits and a pace of time that only a load test wants. */
const settings = childSettings.parse(JSON.parse(process.argv[2] ?? ""));
const resolved = resolveCatalog(settings.catalog, { version: "load00000000", checkCondition: () => null });
if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
const { catalog } = resolved;
const records = await openEmbeddedEventLog({ directory: join(settings.directory, "log"), writer: "gateway" });
const log = readEvents(records, (error) => process.emitWarning(error));
const usage = await openEmbeddedUsageStore({ directory: join(settings.directory, "usage"), now: Date.now });
await log.append("keys", [
  record({
    type: "created",
    id: "load",
    name: "load",
    key_sha256: createHash("sha256").update(settings.key).digest("hex"),
    ts: Date.now(),
  }),
]);
await log.append(
  "users",
  settings.paidUsers.map((user_id) =>
    record({ type: "set", event_id: uuidv7(), user_id, ts: Date.now(), tier: "premium", actor: "load" }),
  ),
);
const running = await startGateway({
  log,
  usage,
  catalog: { current: () => catalog, onChange: () => undefined },
  keyOf: () => null,
  simulatedUrl: null,
  adminToken: settings.key,
  logger: pino({ level: "error" }, pino.destination(2)),
  host: "127.0.0.1",
  port: 0,
  monotonicMs: () => performance.now() * settings.timeScale,
  limits: { maxInFlight: settings.slots, freeShare: 0.5, maxWaiting: settings.slots, maxWaitMs: 2_000 },
});
process.send?.({ port: running.port });
process.on("message", (message) => {
  if (message === "memory") process.send?.({ rssBytes: process.memoryUsage().rss });
  else if (message === "stop") void stop();
});

async function stop(): Promise<void> {
  await running.close();
  await usage.close();
  await log.close();
  process.disconnect();
}

function record(event: object) {
  return { key: "load", value: Buffer.from(JSON.stringify(event)) };
}
