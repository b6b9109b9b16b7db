import * as z from "zod/mini";
import { maybeNumber, record } from "./common.ts";

const provider = z.object({
  name: z.string(),
  model: z.string(),
  apiKeyEnv: z.nullable(z.string()),
  hasKey: z.boolean(),
});

export const catalog = z.object({
  version: z.string(),
  timezone: z.string(),
  refusedEdit: z.array(z.object({ path: z.string(), message: z.string() })),
  tiers: z.array(
    z.object({ name: z.string(), premium: z.boolean(), fallbackProvider: z.nullable(z.string()) }),
  ),
  providers: z.array(provider),
  automation: z.object({
    mode: z.string(),
    targetDailySpend: z.number(),
    rules: z.array(
      z.object({
        name: z.string(),
        when: z.string(),
        then: record,
        priority: z.optional(z.string()),
      }),
    ),
  }),
});
export type ShownCatalog = z.output<typeof catalog>;

export const performance = z.object({
  tables: z.object({
    system: z.array(z.object({ period: z.string(), requests: z.number(), cost: z.number() })),
    quality: z.array(z.object({ provider: z.string(), askedAgain: maybeNumber })),
    providers: z.array(
      z.object({
        period: z.string(),
        provider: z.string(),
        p50Ms: maybeNumber,
        p95Ms: maybeNumber,
        calls: z.number(),
        successRate: maybeNumber,
        cost: z.number(),
        costPerRequest: maybeNumber,
        ratings: z.number(),
        satisfaction: maybeNumber,
      }),
    ),
  }),
});
export type ProviderRow = z.output<typeof performance>["tables"]["providers"][number];

const tierRow = z.object({
  day: z.string(),
  tier: z.string(),
  users: z.number(),
  active: z.number(),
  active30: z.number(),
  requests: z.number(),
  revenue: z.number(),
  cost: z.number(),
});
export type TierRow = z.output<typeof tierRow>;
const usersDay = z.object({
  day: z.string(),
  totalUsers: z.number(),
  newUsers: z.number(),
  active: z.number(),
  active30: z.number(),
  churnRate: maybeNumber,
});
export type UsersDay = z.output<typeof usersDay>;
export const userMetrics = z.object({
  tables: z.object({ daily: z.array(usersDay), tiers: z.array(tierRow) }),
});

export const user = z.object({
  id: z.string(),
  tier: z.string(),
  createdAt: z.number(),
  tierUpdatedAt: maybeNumber,
});
export type User = z.output<typeof user>;

export const users = z.object({
  users: z.array(user),
  nextCursor: z.nullable(z.string()),
  /** Without the simulated ones. */
  total: z.number(),
  simulatedTotal: maybeNumber,
});
export type FoundUsers = z.output<typeof users>;

const usageScope = z.object({
  unit: z.enum(["requests", "usd"]),
  used: z.number(),
  reserved: z.number(),
  limit: maybeNumber,
  requests: z.number(),
  resetsAt: z.string(),
});

export type UsageScope = z.output<typeof usageScope>;

export const userWithUsage = z.extend(user, {
  usage: z.object({ scopes: z.record(z.string(), usageScope) }),
});

export const cacheMetrics = z.object({
  tables: z.object({
    features: z.array(
      z.object({
        period: z.string(),
        /** Empty: all features together. */
        feature: z.string(),
        cacheable: z.number(),
        hits: z.number(),
        hitRate: maybeNumber,
        saved: z.number(),
        medianHitMs: maybeNumber,
        medianMissMs: maybeNumber,
        improvementMs: maybeNumber,
      }),
    ),
  }),
});

export type CacheRow = z.output<typeof cacheMetrics>["tables"]["features"][number];

export const reconciliation = z.object({
  gateway: z.object({ events: z.number(), costNano: z.number() }),
  log: z.object({ events: z.number() }),
  warehouse: z.object({
    rows: z.number(),
    distinct: z.number(),
    costNano: z.number(),
    duplicates: z.number(),
  }),
  deadLetters: z.number(),
  lag: z.number(),
  missing: z.number(),
  settled: z.boolean(),
  agree: z.boolean(),
});

export const sinkLag = z.object({
  lag: z.number(),
  topics: z.array(
    z.object({
      topic: z.string(),
      lag: z.number(),
      partitions: z.array(z.object({ partition: z.string(), lag: z.number() })),
    }),
  ),
});

export const jobs = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      cron: z.string(),
      running: z.boolean(),
      nextDueAt: maybeNumber,
      lastRun: z.nullable(z.object({ finishedAt: z.number(), status: z.string(), summary: z.string() })),
    }),
  ),
});
