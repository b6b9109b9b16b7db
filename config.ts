import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type KafkaSettings, parseKafkaUrl } from "./ingest/kafka/kafka-url.ts";
import { UserError } from "./runtime/user-error.ts";

/** The settings of one process, from its environment. Nothing else reads `process.env`. */
export interface Config {
  readonly dataDir: string;
  readonly catalogFile: string;
  readonly bindHost: string;
  readonly gatewayPort: number;
  /** How long a gateway that stops goes on serving, until its load balancer has noticed. */
  readonly gatewayDrainMs: number;
  /** How long requests in flight may take after that; then they are cut off. */
  readonly gatewayStopMs: number;
  /** Where the pipeline asks a gateway; any one of several will do. */
  readonly gatewayUrl: string;
  readonly controlPort: number;
  readonly warehousePort: number;
  readonly simulatedProviderPort: number;
  /** Where the stand-in for providers without a key runs; null: such a provider cannot be called. */
  readonly simulatedProviderUrl: string | null;
  readonly eventLog:
    | { readonly adapter: "embedded"; readonly directory: string }
    | {
        readonly adapter: "kafka";
        readonly settings: KafkaSettings;
        /** Where a gateway keeps what Kafka has not taken yet. */
        readonly spoolDirectory: string;
      };
  readonly usageStore:
    | { readonly adapter: "embedded"; readonly directory: string }
    | {
        readonly adapter: "redis";
        readonly url: string;
        /** Where this gateway remembers how far Redis was. */
        readonly lineageFile: string;
        /** What this gateway may let through while Redis is away, dollars; null: nothing. */
        readonly failOpenUsd: number | null;
      };
  /** Until then, windows of which no counter knows the beginning are served on what is known, milliseconds; 0: never. */
  readonly usageGapAcceptedUntilMs: number;
  readonly warehouse:
    | { readonly adapter: "embedded" }
    | {
        readonly adapter: "server";
        readonly url: string;
        /** Whose servers all get the schema, with replicated tables; null: it is one server. */
        readonly cluster: string | null;
      };
  /** Null: the one in the data directory, made at the first start. */
  readonly adminToken: string | null;
  /** Who has it may look at everything and change nothing; null: nobody. */
  readonly viewerToken: string | null;
  /** The proxies in front of the control API whose `x-forwarded-for` names the client. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  /** Where traces go; null: there are none. */
  readonly tracing: { readonly endpoint: string; readonly serviceName: string } | null;
  /** The value of the environment variable that a provider's `apiKeyEnv` names; null when unset or empty. */
  providerKey(name: string): string | null;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A problem with the settings that the user can mend; the message says how. */
export class ConfigError extends UserError {}

const MS_PER_SECOND = 1_000;
const port = z.coerce.number().int().min(1).max(65_535);

const environment = z.object({
  VIGOR_DATA_DIR: z.string().min(1).default("./.vigor"),
  CATALOG_FILE: z.string().min(1).default("./catalog.yaml"),
  BIND_HOST: z.string().min(1).default("127.0.0.1"),
  GATEWAY_PORT: port.default(8080),
  GATEWAY_DRAIN_SECONDS: z.coerce.number().min(0).max(60).default(0),
  GATEWAY_STOP_SECONDS: z.coerce.number().min(0).max(600).default(20),
  GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional(),
  CONTROL_PORT: port.default(8090),
  WAREHOUSE_PORT: port.default(8123),
  SIMULATED_PROVIDER_PORT: port.default(8099),
  SIMULATED_PROVIDER_URL: z.url({ protocol: /^https?$/ }).optional(),
  EVENT_LOG_URL: z
    .string()
    .regex(/^(embedded:$|kafka:\/\/)/, "must be embedded: or kafka://host:9092,host:9092")
    .superRefine(refuseBadKafkaUrl)
    .default("embedded:"),
  USAGE_STORE_URL: z
    .string()
    .regex(/^(embedded:|rediss?:\/\/.+)$/, "must be embedded: or redis://user:password@host:6379/0")
    .default("embedded:"),
  USAGE_STORE_FAIL_OPEN_USD: z.coerce.number().positive().max(1_000_000).optional(),
  USAGE_STORE_ACCEPT_GAP_UNTIL: z.iso.datetime({ offset: true }).optional(),
  WAREHOUSE_URL: z
    .string()
    .regex(/^(embedded:|https?:\/\/.+)$/, "must be embedded: or http://user:password@host:8123/vigor")
    .default("embedded:"),
  WAREHOUSE_CLUSTER: z
    .string()
    .regex(/^\w{1,64}$/, "must be a cluster's name in ClickHouse's configuration: letters, digits and _")
    .optional(),
  ADMIN_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  VIEWER_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(",").map((entry) => entry.trim()))
    .refine(
      (entries) => entries.every(isProxyEntry),
      "must list addresses, subnets (10.0.0.0/8), loopback or uniquelocal",
    )
    .default([]),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default("vigor-gateway"),
});

/** Throws {@link ConfigError} that lists every bad variable. An empty variable counts as unset. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw new ConfigError(describe(parsed.error));
  const vars = parsed.data;
  const dataDir = resolve(vars.VIGOR_DATA_DIR);
  return {
    dataDir,
    catalogFile: resolve(vars.CATALOG_FILE),
    bindHost: vars.BIND_HOST,
    gatewayPort: vars.GATEWAY_PORT,
    gatewayDrainMs: vars.GATEWAY_DRAIN_SECONDS * MS_PER_SECOND,
    gatewayStopMs: vars.GATEWAY_STOP_SECONDS * MS_PER_SECOND,
    gatewayUrl: (vars.GATEWAY_URL ?? `http://127.0.0.1:${vars.GATEWAY_PORT}`).replace(/\/$/, ""),
    controlPort: vars.CONTROL_PORT,
    warehousePort: vars.WAREHOUSE_PORT,
    simulatedProviderPort: vars.SIMULATED_PROVIDER_PORT,
    simulatedProviderUrl: vars.SIMULATED_PROVIDER_URL ?? null,
    eventLog: eventLogOf(vars.EVENT_LOG_URL, dataDir),
    usageStore:
      vars.USAGE_STORE_URL === "embedded:"
        ? { adapter: "embedded", directory: join(dataDir, "usage") }
        : {
            adapter: "redis",
            url: vars.USAGE_STORE_URL,
            lineageFile: join(dataDir, "usage", "redis.json"),
            failOpenUsd: vars.USAGE_STORE_FAIL_OPEN_USD ?? null,
          },
    usageGapAcceptedUntilMs:
      vars.USAGE_STORE_ACCEPT_GAP_UNTIL === undefined ? 0 : Date.parse(vars.USAGE_STORE_ACCEPT_GAP_UNTIL),
    warehouse:
      vars.WAREHOUSE_URL === "embedded:"
        ? { adapter: "embedded" }
        : { adapter: "server", url: vars.WAREHOUSE_URL, cluster: vars.WAREHOUSE_CLUSTER ?? null },
    adminToken: vars.ADMIN_TOKEN ?? null,
    viewerToken: vars.VIEWER_TOKEN ?? null,
    trustedProxies: vars.TRUSTED_PROXIES,
    logLevel: vars.LOG_LEVEL,
    tracing:
      vars.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : { endpoint: vars.OTEL_EXPORTER_OTLP_ENDPOINT, serviceName: vars.OTEL_SERVICE_NAME },
    providerKey: (name) => given[name] ?? null,
  };
}

/** The environment of a child process: this one's without what is true of this process alone, and what is added. */
export function childEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { VIGOR_PARENT_PID, ...inherited } = process.env;
  return { ...inherited, ...added };
}

/**
 * The process id of the package manager that runs this process as a command of `package.json`, whose shell puts it here; null when none does.
 * Processes that this one starts do not inherit it.
 */
export function packageManagerPid(env: NodeJS.ProcessEnv = process.env): number | null {
  const pid = Number(env.VIGOR_PARENT_PID);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

function eventLogOf(url: string, dataDir: string): Config["eventLog"] {
  if (url === "embedded:") return { adapter: "embedded", directory: join(dataDir, "log") };
  return { adapter: "kafka", settings: parseKafkaUrl(url), spoolDirectory: join(dataDir, "spool") };
}

function isProxyEntry(entry: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(entry)) return true;
  const [address = "", bits, ...rest] = entry.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function refuseBadKafkaUrl(url: string, context: z.RefinementCtx): void {
  if (!url.startsWith("kafka://")) return;
  try {
    parseKafkaUrl(url);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
}

function describe(error: z.ZodError): string {
  const lines = error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  return ["the environment has settings that cannot be used (see .env.example):", ...lines].join("\n");
}
