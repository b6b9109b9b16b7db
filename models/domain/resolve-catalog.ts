import { Temporal } from "temporal-polyfill";
import type { z } from "zod";
import {
  type AdapterName,
  type Catalog,
  type CatalogFile,
  catalogFile,
  type Deployment,
  type Feature,
  type Provider,
  type Tier,
} from "./catalog.ts";
import { catalogPrice, type PriceEntry } from "./catalog-price.ts";
import { learningSettings } from "./learning.ts";
import { nanoFromUsd } from "./money.ts";
import type { PriceSchedule } from "./price.ts";
import { listPrices } from "./price-book.ts";
import { badParameters, extraNames, parametersOf } from "./provider-parameters.ts";
import type { RuleAction } from "./rule.ts";

export interface CatalogProblem {
  /** Where in the file: `tiers.free.weeklyBudget`. */
  readonly path: string;
  readonly message: string;
}

export type ResolvedCatalog =
  | { readonly ok: true; readonly catalog: Catalog; readonly warnings: readonly CatalogProblem[] }
  | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/** What only the caller can know: the hash of the file, and how a rule's condition is checked (null = fine). */
export interface ResolveOptions {
  readonly version: string;
  checkCondition(condition: string): string | null;
}

const NO_LIMIT = -1;

/** From what the YAML says to what the product uses, or the list of everything that is wrong with it. */
export function resolveCatalog(document: unknown, options: ResolveOptions): ResolvedCatalog {
  const parsed = catalogFile.safeParse(document);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.flatMap(problemsOf) };
  const file = parsed.data;
  const problems = [
    ...danglingNames(file),
    ...namedTwice(file),
    ...badLimits(file),
    ...badParameters(file),
    ...badConditions(file, options.checkCondition),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const tiers = new Map(Object.entries(file.tiers).map(([name, entry]) => [name, tierOf(name, entry)]));
  const defaultTier = tiers.get(file.defaultTier);
  if (defaultTier === undefined) {
    return {
      ok: false,
      problems: [{ path: "defaultTier", message: `there is no tier "${file.defaultTier}"` }],
    };
  }
  const providers = new Map(
    Object.entries(file.providers).map(([name, entry]) => [name, providerOf(name, entry, file.timezone)]),
  );
  const embeddings = new Map(
    Object.entries(file.embeddings).map(([name, entry]) => [name, providerOf(name, entry, file.timezone)]),
  );
  const features = new Map(
    Object.entries(file.features).map(([name, entry]) => [name, featureOf(name, entry)]),
  );
  return {
    ok: true,
    warnings: [...unpriced("providers", providers), ...unpriced("embeddings", embeddings)],
    catalog: {
      version: options.version,
      timezone: file.timezone,
      defaultTier,
      tiers,
      providers,
      embeddings,
      extraParameters: extraNames([...providers.values(), ...embeddings.values()]),
      features,
      routing: routingOf(file.routing),
      safeguards: {
        ...file.safeguards,
        dailyBudget: nanoFromUsd(file.safeguards.dailyBudget),
        weeklyBudget: nanoFromUsd(file.safeguards.weeklyBudget),
      },
      automation: automationOf(file.automation),
      retention: file.retention,
      business: {
        infrastructureMonthly: nanoFromUsd(file.business?.infrastructureMonthly ?? 0),
        supportMonthly: nanoFromUsd(file.business?.supportMonthly ?? 0),
      },
      ...(file.stakeholders === undefined ? {} : { stakeholders: file.stakeholders }),
      alerts: {
        channels: new Map(Object.entries(file.alerts.channels)),
        repeatAfterMs: file.alerts.repeatMinutes * 60_000,
      },
    },
  };
}

function tierOf(name: string, entry: CatalogFile["tiers"][string]): Tier {
  return {
    name,
    dailyRequests: entry.dailyRequests === NO_LIMIT ? Number.POSITIVE_INFINITY : entry.dailyRequests,
    weeklyBudget: nanoFromUsd(entry.weeklyBudget),
    monthlyBudget: nanoFromUsd(entry.monthlyBudget),
    allowedProviders: entry.allowedProviders,
    monthlyPrice: nanoFromUsd(entry.monthlyPrice),
    premium: entry.premium ?? entry.monthlyPrice > 0,
    maxOutputTokens: entry.maxOutputTokens,
    requestsPerMinute: entry.requestsPerMinute ?? Number.POSITIVE_INFINITY,
  };
}

function providerOf(name: string, entry: CatalogFile["providers"][string], timeZone: string): Provider {
  return {
    name,
    adapter: entry.adapter,
    baseUrl: entry.baseUrl.replace(/\/+$/, ""),
    model: entry.model,
    apiKeyEnv: entry.apiKeyEnv ?? null,
    quality: entry.quality,
    speed: entry.speed,
    capabilities: entry.capabilities,
    contextTokens: entry.contextTokens ?? Number.POSITIVE_INFINITY,
    prices:
      entry.price === undefined
        ? listPrices(entry)
        : catalogPrices(entry.price, { timeZone, adapter: entry.adapter }),
    timeoutMs: entry.timeoutSeconds * 1000,
    firstByteTimeoutMs: entry.firstByteSeconds * 1000,
    idleTimeoutMs: entry.idleSeconds * 1000,
    deployments: deploymentsOf(name, entry),
    maxConcurrentCalls: entry.maxConcurrentCalls ?? Number.POSITIVE_INFINITY,
    hedgeAfterMs: entry.hedgeAfterMs ?? null,
    ...parametersOf(entry),
  };
}

function deploymentsOf(
  name: string,
  { deployments, ...own }: CatalogFile["providers"][string],
): readonly Deployment[] {
  return [own, ...deployments].map(({ baseUrl, apiKeyEnv, weight }, at) => ({
    id: at === 0 ? name : `${name}#${at + 1}`,
    baseUrl: baseUrl.replace(/\/+$/, ""),
    apiKeyEnv: apiKeyEnv ?? own.apiKeyEnv ?? null,
    weight,
  }));
}

function catalogPrices(
  given: PriceEntry | PriceEntry[],
  { timeZone, adapter }: { readonly timeZone: string; readonly adapter: AdapterName },
): PriceSchedule {
  return (Array.isArray(given) ? given : [given])
    .map((entry) => ({ fromMs: startOfDay(entry.from, timeZone), price: catalogPrice(entry, adapter) }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

function startOfDay(date: string | undefined, timeZone: string): number {
  if (date === undefined) return Number.NEGATIVE_INFINITY;
  return Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds;
}

function featureOf(name: string, entry: CatalogFile["features"][string]): Feature {
  return { name, cacheMinutes: entry.cache?.minutes ?? 0, cacheScope: entry.cache?.scope ?? "user" };
}

function routingOf(routing: CatalogFile["routing"]): Catalog["routing"] {
  return {
    peakHours: new Set(routing.peakHours.map((hour) => Number(hour.slice(0, 2)))),
    peakProviders: routing.peakProviders,
    offPeakProviders: routing.offPeakProviders,
    highLoad: routing.highLoad ?? null,
    fallbackProvider: routing.fallbackProvider,
  };
}

function automationOf(automation: CatalogFile["automation"]): Catalog["automation"] {
  return {
    mode: automation?.mode ?? "off",
    targetDailySpend: nanoFromUsd(automation?.targetDailySpend ?? 0),
    maxChangesPerHour: automation?.maxChangesPerHour ?? 0,
    allowedKinds: automation?.allowedKinds ?? [],
    rules: automation?.rules ?? [],
    learning: learningSettings(automation?.learning),
  };
}

function danglingNames(file: CatalogFile): CatalogProblem[] {
  const known = Object.keys(file.providers);
  const check = (path: string, names: readonly string[]): CatalogProblem[] =>
    names.flatMap((name, index) =>
      known.includes(name)
        ? []
        : [
            {
              path: `${path}.${index}`,
              message: `there is no provider "${name}"; known: ${known.join(", ")}`,
            },
          ],
    );
  const { routing } = file;
  return [
    ...Object.entries(file.tiers).flatMap(([name, tier]) =>
      check(`tiers.${name}.allowedProviders`, tier.allowedProviders),
    ),
    ...check("routing.peakProviders", routing.peakProviders),
    ...check("routing.offPeakProviders", routing.offPeakProviders),
    ...check("routing.highLoad.providers", routing.highLoad?.providers ?? []),
    ...(known.includes(routing.fallbackProvider)
      ? []
      : [
          { path: "routing.fallbackProvider", message: `there is no provider "${routing.fallbackProvider}"` },
        ]),
    ...(file.automation?.rules ?? []).flatMap(({ then }, index) => danglingThen(then, index, file)),
  ];
}

function danglingThen(then: RuleAction, index: number, { providers, tiers }: CatalogFile): CatalogProblem[] {
  const path = `automation.rules.${index}.then`;
  if (then.action === "switch-provider" && !Object.hasOwn(providers, then.provider))
    return [{ path: `${path}.provider`, message: `there is no provider "${then.provider}"` }];
  if (then.action === "raise-request-limit" && !Object.hasOwn(tiers, then.tier))
    return [{ path: `${path}.tier`, message: `there is no tier "${then.tier}"` }];
  return [];
}

function namedTwice({ providers, embeddings }: CatalogFile): CatalogProblem[] {
  return Object.keys(embeddings)
    .filter((name) => Object.hasOwn(providers, name))
    .map((name) => ({ path: `embeddings.${name}`, message: "a provider has that name, too" }));
}

function badLimits({ safeguards, automation }: CatalogFile): CatalogProblem[] {
  const problems: CatalogProblem[] = [];
  if (!(safeguards.pauseAt <= safeguards.fallbackAt && safeguards.fallbackAt <= safeguards.stopAt)) {
    problems.push({ path: "safeguards", message: "pauseAt <= fallbackAt <= stopAt must hold" });
  }
  const names = (automation?.rules ?? []).map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) {
      problems.push({ path: `automation.rules.${index}.name`, message: `there are two rules "${name}"` });
    }
  }
  return problems;
}

function badConditions(file: CatalogFile, check: ResolveOptions["checkCondition"]): CatalogProblem[] {
  return (file.automation?.rules ?? []).flatMap((rule, index) => {
    const message = check(rule.when);
    return message === null ? [] : [{ path: `automation.rules.${index}.when`, message }];
  });
}

function unpriced(section: string, providers: ReadonlyMap<string, Provider>): CatalogProblem[] {
  return [...providers.values()]
    .filter(({ prices }) => prices.length === 0)
    .map(({ name, model }) => ({
      path: `${section}.${name}.price`,
      message: `no price is known for model "${model}": every request to it is refused until one is given here`,
    }));
}

/** A union's issues are those of its branches; the deepest one is the one that the operator meant. */
function problemsOf(issue: z.core.$ZodIssue): CatalogProblem[] {
  const path = issue.path.join(".");
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branches = issue.errors.filter((branch) => branch.length > 0);
    const deepest = branches.toSorted((a, b) => depthOf(b) - depthOf(a))[0] ?? [];
    const nested = deepest.flatMap(problemsOf);
    if (nested.length > 0) {
      return nested.map((problem) => ({
        ...problem,
        path: [path, problem.path].filter((part) => part !== "").join("."),
      }));
    }
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [path, key].filter((part) => part !== "").join("."),
      message: "unknown key",
    }));
  }
  return [{ path: path === "" ? "(file)" : path, message: issue.message }];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length));
}
