import { isAtLeast } from "../../models/alerts/alert.ts";
import { dueNotices, type Notice } from "../../models/alerts/notice.ts";
import { nextAttemptMs } from "../../models/alerts/retry.ts";
import { truncate } from "../../models/domain/text.ts";
import {
  type Delivery,
  readAlerts,
  readDeliveries,
  readSilences,
  writeDelivery,
} from "../alerts/alert-store.ts";
import type { AlertChannel } from "../alerts/channel.ts";
import { openChannels } from "../alerts/open-channels.ts";
import type { Job, JobDeps } from "../job.ts";

const DAY_MS = 86_400_000;
const DEFAULT_REPEAT_MS = DAY_MS / 4;
/** Resolved alerts are looked at for that long: as long as a delivery is tried, and some more. */
const RESOLVED_FOR_MS = DAY_MS;
const MAX_ERROR_LENGTH = 500;
/** In one run; what is left is due at the next one. */
const MAX_SENDS = 100;

/**
 * Tells the channels what is due: alerts that opened, stay open or are over, and what could not be delivered before. Every try is
 * recorded. A process that dies between a delivery and its record tells it once more: rather twice than never.
 */
export const deliverAlerts: Job = async (deps, dueAtMs) => {
  const { warehouse, catalog, logger } = deps;
  const { alerts: settings } = catalog();
  const alerts = await readAlerts(warehouse, dueAtMs - RESOLVED_FOR_MS);
  const deliveries = await readDeliveries(
    warehouse,
    alerts.map(({ id }) => id),
  );
  const silences = await readSilences(warehouse, dueAtMs);
  const fresh = dueNotices(alerts, deliveries, {
    nowMs: dueAtMs,
    repeatAfterMs: settings?.repeatAfterMs ?? DEFAULT_REPEAT_MS,
    silences,
    sinceMs: dueAtMs - DAY_MS,
  });
  const channels = openChannels(settings?.channels, { logger, secretOf: deps.secretOf ?? (() => null) });
  try {
    const sends = [
      ...retries({ alerts, deliveries, channels, nowMs: dueAtMs }),
      ...fresh.flatMap((notice) => sendsOf(notice, channels)),
    ].slice(0, MAX_SENDS);
    const results = await Promise.all(sends.map((send) => deliver(deps, send, dueAtMs)));
    return report(results);
  } finally {
    for (const channel of channels) channel.close();
  }
};

interface Send {
  readonly notice: Notice;
  readonly channel: AlertChannel;
  readonly attempts: number;
}

function sendsOf(notice: Notice, channels: readonly AlertChannel[]): Send[] {
  return channels
    .filter(({ minSeverity }) => isAtLeast(notice.alert.severity, minSeverity))
    .map((channel) => ({ notice, channel, attempts: 0 }));
}

interface RetryInputs {
  readonly alerts: Awaited<ReturnType<typeof readAlerts>>;
  readonly deliveries: readonly Delivery[];
  readonly channels: readonly AlertChannel[];
  readonly nowMs: number;
}

function retries({ alerts, deliveries, channels, nowMs }: RetryInputs): Send[] {
  return deliveries.flatMap(({ status, nextAt, alertId, channel: name, event, at, attempts }) => {
    if (status !== "waiting" || nextAt === null || nextAt > nowMs) return [];
    const alert = alerts.find(({ id }) => id === alertId);
    const channel = channels.find((candidate) => candidate.name === name);
    return alert === undefined || channel === undefined
      ? []
      : [{ notice: { alert, event, at }, channel, attempts }];
  });
}

async function deliver(
  { warehouse, logger }: JobDeps,
  { notice, channel, attempts }: Send,
  nowMs: number,
): Promise<Delivery> {
  const base = { alertId: notice.alert.id, channel: channel.name, event: notice.event, at: notice.at };
  const error = await channel.send(notice).then(
    () => null,
    (reason: unknown) =>
      truncate(reason instanceof Error ? reason.message : String(reason), MAX_ERROR_LENGTH),
  );
  const tried = attempts + 1;
  const nextAt = error === null ? null : nextAttemptMs(tried, nowMs);
  const status = error === null ? "delivered" : nextAt === null ? "given-up" : "waiting";
  if (status === "given-up")
    logger.error({ ...base, error }, "an alert could not be delivered and is given up");
  const delivery: Delivery = { ...base, attempts: tried, status, nextAt, error: error ?? "" };
  await writeDelivery(warehouse, delivery);
  return delivery;
}

function report(results: readonly Delivery[]) {
  const failed = results.filter(({ status }) => status !== "delivered");
  const summary =
    results.length === 0
      ? "nothing to tell"
      : `${results.length - failed.length} delivered, ${failed.length} failed`;
  return {
    summary,
    notable: results.length > 0,
    details: {
      delivered: results.length - failed.length,
      failed: failed.map(({ channel, error }) => ({ channel, error })),
    },
  };
}
