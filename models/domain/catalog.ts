import { z } from "zod";
import { type AlertChannelEntry, alertChannel } from "./alert-channel.ts";
import { type Capability, capabilities } from "./capability.ts";
import { priceEntry } from "./catalog-price.ts";
import { catalogName } from "./ids.ts";
import { type LearningSettings, learning } from "./learning.ts";
import { MAX_USD, type NanoUsd } from "./money.ts";
import type { PriceSchedule } from "./price.ts";
import { type ExtraParameters, type OutputLimitParameter, parameterEntries } from "./provider-parameters.ts";
import {
  type AutomationMode,
  allowedKinds,
  automationMode,
  maxChangesPerHour,
  type Rule,
  type RuleKind,
  rule,
} from "./rule.ts";
import { type Stakeholders, stakeholders } from "./stakeholders.ts";

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

const keyVariable = z.string().regex(/^[A-Z][A-Z0-9_]*$/);
const baseUrl = z.url({ protocol: /^https?$/ });

/** One of several places that serve the same model: another region, another key. */
const deploymentEntry = z.strictObject({
  baseUrl,
  /** Default: the provider's. */
  apiKeyEnv: keyVariable.optional(),
  /** Its part of the calls, beside the other weights, while all are equally fast and busy. */
  weight: z.number().min(0.01).max(1_000).default(1),
});

/**
 * How a provider is spoken to: `openai` is OpenAI itself or a server that has all of its endpoints, `openai-compatible` one that
 * has chat (and perhaps embeddings) alone, `gemini` Google's own interface (`generateContent`), `perplexity` Perplexity's.
 */
export const ADAPTER_NAMES = ["openai", "openai-compatible", "gemini", "perplexity"] as const;
export type AdapterName = (typeof ADAPTER_NAMES)[number];

const providerEntry = z.strictObject({
  adapter: z.enum(ADAPTER_NAMES),
  baseUrl,
  model: z.string().min(1).max(200),
  /** The environment variable that holds the key. A loopback base URL without one is called as it is. */
  apiKeyEnv: keyVariable.optional(),
  /** Of the base URL, beside `deployments`. */
  weight: z.number().min(0.01).max(1_000).default(1),
  /** Further places that serve the same model at the same price. */
  deployments: z.array(deploymentEntry).max(20).default([]),
  /** 1 (poor) to 5 (best). */
  quality: z.number().min(1).max(5).default(3),
  speed: z.number().min(1).max(5).default(3),
  /** What `auto` does not send to it, and what is refused where it is asked for by name. */
  capabilities: capabilities.prefault({}),
  /** Tokens of a prompt and its answer together; absent: whatever is asked. */
  contextTokens: z.number().int().min(1_000).max(100_000_000).optional(),
  /** Where the price package knows the model; default by base URL. */
  pricedAs: z.string().optional(),
  price: z.union([priceEntry, z.array(priceEntry).min(1)]).optional(),
  /** A whole call, its stream included. */
  timeoutSeconds: z.number().min(1).max(600).default(120),
  /** Of a stream: until the answer begins, and between two parts of it. */
  firstByteSeconds: z.number().min(1).max(600).default(60),
  idleSeconds: z.number().min(1).max(600).default(60),
  /** Calls under way at once, at one gateway; absent: as many as any provider may have. */
  maxConcurrentCalls: z.number().int().min(1).max(100_000).optional(),
  /** No answer after that long: a second call, to another deployment or provider, and the first answer wins. Both are paid. */
  hedgeAfterMs: z.number().int().min(10).max(600_000).optional(),
  ...parameterEntries,
});

const featureEntry = z.strictObject({
  cache: z
    .strictObject({
      minutes: z.number().min(0).max(43_200),
      scope: z.enum(["user", "shared"]).default("user"),
    })
    .optional(),
});

/** Jobs look back on single requests of so many days. */
const MIN_RETENTION_DAYS = 35;
/** Ends of rows are 32-bit times, which end in 2106. */
const MAX_RETENTION_DAYS = 3_650;

/** `catalog.yaml` as an operator writes it. Money in dollars. */
export const catalogFile = z.strictObject({
  timezone: timezone.default("UTC"),
  /** The tier of a user whom nobody has put into one. */
  defaultTier: catalogName.default("free"),
  tiers: z.record(catalogName, tierEntry),
  providers: z.record(catalogName, providerEntry),
  /** Models of `/v1/embeddings`, by the name that an app asks for. Every tier may use them, within its budgets. */
  embeddings: z.record(catalogName, providerEntry).default({}),
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
      mode: automationMode.default("act"),
      targetDailySpend: usd,
      maxChangesPerHour,
      allowedKinds,
      rules: z.array(rule).max(100).default([]),
      /** Which provider of a tier is best for a feature. */
      learning: learning.prefault({}),
    })
    .optional(),
  retention: z
    .strictObject({
      /** Days that single requests are kept, and who was active when; sums stay. */
      requestDays: z.number().int().min(MIN_RETENTION_DAYS).max(MAX_RETENTION_DAYS).default(1_095),
      /** The same for ratings and their comments. */
      feedbackDays: z.number().int().min(MIN_RETENTION_DAYS).max(MAX_RETENTION_DAYS).default(1_095),
    })
    .prefault({}),
  business: z.strictObject({ infrastructureMonthly: usd, supportMonthly: usd }).optional(),
  /** Who gets the summary of the week by mail; absent: nobody. */
  stakeholders: stakeholders.optional(),
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
  readonly adapter: AdapterName;
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKeyEnv: string | null;
  readonly quality: number;
  readonly speed: number;
  readonly capabilities: Readonly<Record<Capability, boolean>>;
  /** Infinity = whatever is asked. */
  readonly contextTokens: number;
  /** Empty = unpriced: every request to it is refused. */
  readonly prices: PriceSchedule;
  readonly timeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** At least one; the first has the provider's own base URL and key. */
  readonly deployments: readonly Deployment[];
  /** Infinity = no limit of its own. */
  readonly maxConcurrentCalls: number;
  /** Null = no second call. */
  readonly hedgeAfterMs: number | null;
  readonly outputLimitParameter: OutputLimitParameter;
  readonly extraParameters: ExtraParameters;
}

export interface Deployment {
  /** The provider's name, from the second deployment on with `#2`, `#3`, ... */
  readonly id: string;
  readonly baseUrl: string;
  readonly apiKeyEnv: string | null;
  readonly weight: number;
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
  /** Asked for by name alone: vectors of two models cannot be compared, so nothing stands in for one. */
  readonly embeddings: ReadonlyMap<string, Provider>;
  /** Names of all parameters that some provider allows beside the table's. */
  readonly extraParameters: ReadonlySet<string>;
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
    readonly mode: AutomationMode;
    readonly targetDailySpend: NanoUsd;
    /** The guard rail against an automation that runs away, all rules together. */
    readonly maxChangesPerHour: number;
    readonly allowedKinds: readonly RuleKind[];
    readonly rules: readonly Rule[];
    readonly learning: LearningSettings;
  };
  readonly retention: { readonly requestDays: number; readonly feedbackDays: number };
  readonly business: { readonly infrastructureMonthly: NanoUsd; readonly supportMonthly: NanoUsd };
  /** Who gets the summary of the week; absent: nobody. */
  readonly stakeholders?: Stakeholders;
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
