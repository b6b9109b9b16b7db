import { join, resolve } from "node:path";
import { z } from "zod";

/** The settings of one process, from its environment. Nothing else reads `process.env`. */
export interface Config {
  readonly dataDir: string;
  readonly catalogFile: string;
  readonly bindHost: string;
  readonly gatewayPort: number;
  readonly controlPort: number;
  readonly warehousePort: number;
  readonly simulatedProviderPort: number;
  /** Where the stand-in for providers without a key runs; null: such a provider cannot be called. */
  readonly simulatedProviderUrl: string | null;
  readonly eventLog: { readonly adapter: "embedded"; readonly directory: string };
  readonly usageStore: { readonly adapter: "embedded"; readonly directory: string };
  readonly warehouse: { readonly adapter: "embedded" } | { readonly adapter: "server"; readonly url: string };
  /** Null: the one in the data directory, made at the first start. */
  readonly adminToken: string | null;
  readonly logLevel: LogLevel;
  /** The value of the environment variable that a provider's `apiKeyEnv` names; null when unset or empty. */
  providerKey(name: string): string | null;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A problem with the settings that the user can mend; the message says how. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

const port = z.coerce.number().int().min(1).max(65_535);

const environment = z.object({
  VIGOR_DATA_DIR: z.string().min(1).default("./.vigor"),
  CATALOG_FILE: z.string().min(1).default("./catalog.yaml"),
  BIND_HOST: z.string().min(1).default("127.0.0.1"),
  GATEWAY_PORT: port.default(8080),
  CONTROL_PORT: port.default(8090),
  WAREHOUSE_PORT: port.default(8123),
  SIMULATED_PROVIDER_PORT: port.default(8099),
  SIMULATED_PROVIDER_URL: z.url({ protocol: /^https?$/ }).optional(),
  EVENT_LOG_URL: z.literal("embedded:", "only embedded: is supported").default("embedded:"),
  USAGE_STORE_URL: z.literal("embedded:", "only embedded: is supported").default("embedded:"),
  WAREHOUSE_URL: z
    .string()
    .regex(/^(embedded:|https?:\/\/.+)$/, "must be embedded: or http://user:password@host:8123/vigor")
    .default("embedded:"),
  ADMIN_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
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
    controlPort: vars.CONTROL_PORT,
    warehousePort: vars.WAREHOUSE_PORT,
    simulatedProviderPort: vars.SIMULATED_PROVIDER_PORT,
    simulatedProviderUrl: vars.SIMULATED_PROVIDER_URL ?? null,
    eventLog: { adapter: "embedded", directory: join(dataDir, "log") },
    usageStore: { adapter: "embedded", directory: join(dataDir, "usage") },
    warehouse:
      vars.WAREHOUSE_URL === "embedded:"
        ? { adapter: "embedded" }
        : { adapter: "server", url: vars.WAREHOUSE_URL },
    adminToken: vars.ADMIN_TOKEN ?? null,
    logLevel: vars.LOG_LEVEL,
    providerKey: (name) => given[name] ?? null,
  };
}

/** The environment of a child process: this one's, and what is added. */
export function childEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...added };
}

function describe(error: z.ZodError): string {
  const lines = error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  return ["the environment has settings that cannot be used (see .env.example):", ...lines].join("\n");
}
