import { Kafka, type KafkaConfig, type LogEntry as KafkaLogEntry, logLevel } from "kafkajs";
import { EventLogError } from "../event-log.ts";
import { useFastGzip } from "./gzip-codec.ts";
import type { KafkaSettings } from "./kafka-url.ts";

export type OnLogError = (error: EventLogError) => void;

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** About ten seconds in all, then the caller decides. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 };

/** A broker's single refusals ("not the leader", "rebalancing") are part of normal work; what comes of them is told elsewhere. */
const TRANSIENT_NAMESPACES: ReadonlySet<string> = new Set(["Connection", "BrokerPool", "Consumer"]);

export interface ClientOptions {
  readonly settings: KafkaSettings;
  readonly clientId: string;
  readonly onError: OnLogError;
}

/** A client that is not connected yet. What the library logs as an error goes to `onError`. */
export function createClient({ settings, clientId, onError }: ClientOptions): Kafka {
  useFastGzip();
  const config: KafkaConfig = {
    clientId,
    brokers: [...settings.brokers],
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => {
      if (!TRANSIENT_NAMESPACES.has(entry.namespace)) onError(new EventLogError(describe(entry)));
    },
    ...(settings.tls ? { ssl: true } : {}),
  };
  return new Kafka(settings.user === null ? config : { ...config, sasl: saslOf(settings) });
}

function saslOf({ mechanism, user, password }: KafkaSettings): NonNullable<KafkaConfig["sasl"]> {
  const credentials = { username: user ?? "", password: password ?? "" };
  if (mechanism === "scram-sha-256") return { mechanism, ...credentials };
  if (mechanism === "scram-sha-512") return { mechanism, ...credentials };
  return { mechanism: "plain", ...credentials };
}

function describe({ namespace, log }: KafkaLogEntry): string {
  const why = typeof log.error === "string" ? `: ${log.error}` : "";
  return `kafka ${namespace}: ${log.message}${why}`;
}
