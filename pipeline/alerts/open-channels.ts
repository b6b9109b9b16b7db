import type { Logger } from "pino";
import type { AlertChannelEntry } from "../../models/domain/alert-channel.ts";
import type { AlertChannel } from "./channel.ts";
import { openEmailChannel } from "./email-channel.ts";
import { openSlackChannel, openWebhookChannel } from "./http-channel.ts";
import { openLogChannel } from "./log-channel.ts";

export interface ChannelDeps {
  readonly logger: Logger;
  /** The value of an environment variable; null when unset. */
  secretOf(name: string): string | null;
}

const DEFAULT_CHANNELS: ReadonlyMap<string, AlertChannelEntry> = new Map([
  ["log", { type: "log", minSeverity: "info" }],
]);

/** The channels of the catalog; without any, the log. One whose address is missing rejects what it is given, saying so. */
export function openChannels(
  entries: ReadonlyMap<string, AlertChannelEntry> = DEFAULT_CHANNELS,
  deps: ChannelDeps,
): AlertChannel[] {
  const chosen = entries.size === 0 ? DEFAULT_CHANNELS : entries;
  return [...chosen].map(([name, entry]) => openChannel(name, entry, deps));
}

function openChannel(
  name: string,
  entry: AlertChannelEntry,
  { logger, secretOf }: ChannelDeps,
): AlertChannel {
  const { minSeverity } = entry;
  if (entry.type === "log") return openLogChannel({ name, minSeverity, logger });
  const url = entry.url ?? (entry.urlEnv === undefined ? null : secretOf(entry.urlEnv));
  if (url === null || !URL.canParse(url)) {
    return unusable({ name, minSeverity }, `the environment variable ${entry.urlEnv ?? ""} holds no URL`);
  }
  if (entry.type === "email")
    return openEmailChannel({ name, minSeverity, url, from: entry.from, to: entry.to });
  return entry.type === "slack"
    ? openSlackChannel({ name, minSeverity, url })
    : openWebhookChannel({ name, minSeverity, url });
}

function unusable(channel: Pick<AlertChannel, "name" | "minSeverity">, reason: string): AlertChannel {
  return { ...channel, send: () => Promise.reject(new Error(reason)), close: () => undefined };
}
