import { z } from "zod";
import { type AlertChannelEntry, alertChannel } from "./alert-channel.ts";
import { catalogName } from "./ids.ts";
import { MAX_USD, type NanoUsd } from "./money.ts";
import type { PriceSchedule } from "./price.ts";
import { type Rule, rule } from "./rule.ts";

const usd = z.number().min(0).max(MAX_USD);
const share = z.number().min(0).max(2);
const names = z.array(catalogName).max(50);
const hour = z.string().regex(/^([01]\d|2[0-3]):00$/, 'must be a full hour, such as "18:00"');

const timezone = z.string().refine(isTimeZone, "must be an IANA time zone, such as Europe/Berlin");

const tierEntry = z.strictObject({
  /** Requests a calendar day; -1 = no limit. */
  dailyRequests: z.number().int().min(-1),
  weeklyBudget: usd,
  monthlyBudget: usd,
  allowedProviders: z.array(catalogName).min(1).max(50),
  /** What a user of this tier pays a month; a tier that pays counts as premium. */
  monthlyPrice: usd.default(0),
  premium: z.boolean().optional(),
  /** The most output tokens of one answer; what a request may cost at most follows from it. */
  maxOutputTokens: z.number().int().min(1).max(1_000_000).default(1024),
  /** Requests a minute and user; absent = no limit. */
  requestsPerMinute: z.number().int().min(1).optional(),
});

const priceEntry = z.strictObject({
  /** The day (in the catalog's time zone) from which it holds; absent = always. */
  from: z.iso.date().optional(),
  inputPerMillion: usd,
  cachedInputPerMillion: usd.optional(),
  outputPerMillion: usd,
  perRequest: usd.default(0),
});

const providerEntry = z.strictObject({
  adapter: z.enum(["openai"]),
  baseUrl: z.url({ protocol: /^https?$/ }),
  model: z.string().min(1).max(200),
  /** The environment variable that holds the key. A loopback base URL without one is called as it is. */
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/)
    .optional(),
  /** 1 (poor) to 5 (best). */
  quality: z.number().min(1).max(5).default(3),
  speed: z.number().min(1).max(5).default(3),
  /** Where the price package knows the model; default by base URL. */
  pricedAs: z.string().optional(),
  price: z.union([priceEntry, z.array(priceEntry).min(1)]).optional(),
  timeoutSeconds: z.number().min(1).max(600).default(120),
});

const featureEntry = z.strictObject({
  cache: z
    .strictObject({
      minutes: z.number().min(0).max(43_200),
      scope: z.enum(["user", "shared"]).default("user"),
    })
    .optional(),
});

/** `catalog.yaml` as an operator writes it. Money in dollars. */
export const catalogFile = z.strictObject({
  timezone: timezone.default("UTC"),
  /** The tier of a user whom nobody has put into one. */
  defaultTier: catalogName.default("free"),
  tiers: z.record(catalogName, tierEntry),
  providers: z.record(catalogName, providerEntry),
  features: z.record(catalogName, featureEntry).default({}),
  routing: z
    .strictObject({
      peakHours: z.array(hour).max(24).default([]),
      peakProviders: names.default([]),
      offPeakProviders: names.default([]),
      highLoad: z
        .strictObject({
          requestsPerMinute: z.number().int().min(1),
          concurrentUsers: z.number().int().min(1),
          providers: names.default([]),
          /** Requests a minute and user while the load is high. */
          userRequestsPerMinute: z.number().int().min(1).default(10),
        })
        .optional(),
      /** The provider of fallback mode and of the safeguard's second stage. */
      fallbackProvider: catalogName.default("fallback"),
    })
    .prefault({}),
  safeguards: z.strictObject({
    dailyBudget: usd,
    weeklyBudget: usd,
    pauseAt: share.default(0.9),
    fallbackAt: share.default(0.95),
    stopAt: share.default(1),
  }),
  automation: z
    .strictObject({
      mode: z.enum(["act", "observe", "off"]).default("act"),
      targetDailySpend: usd,
      rules: z.array(rule).max(100).default([]),
    })
    .optional(),
  business: z.strictObject({ infrastructureMonthly: usd, supportMonthly: usd }).optional(),
  alerts: z
    .strictObject({
      channels: z.record(catalogName, alertChannel).default({}),
      /** An alert that stays open is told again after that long. */
      repeatMinutes: z.number().min(1).max(43_200).default(360),
    })
    .prefault({}),
});
export type CatalogFile = z.infer<typeof catalogFile>;

export interface Tier {
  readonly name: string;
  /** Infinity = no limit. */
  readonly dailyRequests: number;
  readonly weeklyBudget: NanoUsd;
  readonly monthlyBudget: NanoUsd;
  readonly allowedProviders: readonly string[];
  readonly monthlyPrice: NanoUsd;
  readonly premium: boolean;
  readonly maxOutputTokens: number;
  /** Infinity = no limit. */
  readonly requestsPerMinute: number;
}

export interface Provider {
  readonly name: string;
  readonly adapter: "openai";
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKeyEnv: string | null;
  readonly quality: number;
  readonly speed: number;
  /** Empty = unpriced: every request to it is refused. */
  readonly prices: PriceSchedule;
  readonly timeoutMs: number;
}

export interface Feature {
  readonly name: string;
  /** 0 = not cached. */
  readonly cacheMinutes: number;
  readonly cacheScope: "user" | "shared";
}

/** The catalog as the product uses it: checked, in integer money, every reference known to exist. */
export interface Catalog {
  /** Hash of the file's content: the first 12 hex digits of its SHA-256. */
  readonly version: string;
  readonly timezone: string;
  readonly defaultTier: Tier;
  readonly tiers: ReadonlyMap<string, Tier>;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly features: ReadonlyMap<string, Feature>;
  readonly routing: {
    /** Hours of the day, 0-23, in the catalog's time zone. */
    readonly peakHours: ReadonlySet<number>;
    readonly peakProviders: readonly string[];
    readonly offPeakProviders: readonly string[];
    readonly highLoad: {
      readonly requestsPerMinute: number;
      readonly concurrentUsers: number;
      readonly providers: readonly string[];
      readonly userRequestsPerMinute: number;
    } | null;
    readonly fallbackProvider: string;
  };
  readonly safeguards: {
    readonly dailyBudget: NanoUsd;
    readonly weeklyBudget: NanoUsd;
    readonly pauseAt: number;
    readonly fallbackAt: number;
    readonly stopAt: number;
  };
  readonly automation: {
    readonly mode: "act" | "observe" | "off";
    readonly targetDailySpend: NanoUsd;
    readonly rules: readonly Rule[];
  };
  readonly business: { readonly infrastructureMonthly: NanoUsd; readonly supportMonthly: NanoUsd };
  /** Who is told of alerts; absent: the log. */
  readonly alerts?: {
    readonly channels: ReadonlyMap<string, AlertChannelEntry>;
    readonly repeatAfterMs: number;
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
