import type { Catalog } from "../../models/domain/catalog.ts";
import { nanoFromUsd } from "../../models/domain/money.ts";
import { candidateOrders } from "../../models/policy/candidate-order.ts";
import { foldControls } from "../../models/policy/controls.ts";
import type { RoutedRequest } from "../../models/rules/learning/gather-cells.ts";
import { contextKey } from "../../models/rules/learning/known-contexts.ts";
import { type LearnedDaysOptions, learnedDays, trueValues } from "../../models/simulation/learned-days.ts";
import type { RoutedDay, RoutedDemand } from "../../models/simulation/routed-day.ts";

const START_MS = Date.UTC(2026, 0, 5);
const FEATURES = ["workout-plan", "general-advice", "chat"] as const;

/** How good and fast the providers of the shipped catalog are in truth. */
export const WORLDS: Readonly<Record<string, RoutedDay["truth"]>> = {
  "grades are true": new Map(),
  "grades are wrong": new Map([
    ["gpt-4o-mini", { quality: 2.5 }],
    ["gpt-4o", { quality: 3.5, speed: 1 }],
  ]),
};

export interface RegretOptions {
  readonly catalog: Catalog;
  readonly seeds: number;
  readonly days: number;
  readonly requests: number;
  readonly rated: number;
  readonly budget: number;
  readonly truth: RoutedDay["truth"];
  onSeed(seed: number): void;
}

export interface Regrets {
  readonly learned: number;
  /** Of the last quarter of the days. */
  readonly learnedInTheEnd: number;
  readonly usual: number;
  readonly uniform: number;
  readonly alwaysCheapest: number;
  readonly alwaysBestGrade: number;
}

/** Means over the seeds, and the most that a day's exploring has cost (nano-dollars). */
export function regretOfRoutings(options: RegretOptions): {
  regret: Regrets;
  mostExplored: number;
  bySeed: Regrets[];
} {
  const catalog = withBudget(options.catalog, options.budget);
  const runs = Array.from({ length: options.seeds }, (_, at) => {
    options.onSeed(at + 1);
    return runSeed(worldOf(options, catalog, at + 1));
  });
  const bySeed = runs.map(({ regret }) => rounded(regret));
  const mean = (of: (regret: Regrets) => number): number =>
    runs.reduce((sum, { regret }) => sum + of(regret), 0) / runs.length;
  return {
    regret: rounded({
      learned: mean((one) => one.learned),
      learnedInTheEnd: mean((one) => one.learnedInTheEnd),
      usual: mean((one) => one.usual),
      uniform: mean((one) => one.uniform),
      alwaysCheapest: mean((one) => one.alwaysCheapest),
      alwaysBestGrade: mean((one) => one.alwaysBestGrade),
    }),
    mostExplored: Math.max(...runs.map(({ mostExplored }) => mostExplored)),
    bySeed,
  };
}

function withBudget(catalog: Catalog, budget: number): Catalog {
  const { automation } = catalog;
  const learning = { ...automation.learning, explorationDailyBudget: nanoFromUsd(budget) };
  return { ...catalog, automation: { ...automation, learning } };
}

function worldOf(
  { days, requests, rated, truth }: RegretOptions,
  catalog: Catalog,
  seed: number,
): LearnedDaysOptions {
  const demand = [...catalog.tiers.keys()].flatMap((tier) =>
    FEATURES.map(
      (feature, at): RoutedDemand => ({
        tier,
        feature,
        requests,
        inputTokens: 220 + 90 * at,
        outputTokens: 190 - 25 * at,
      }),
    ),
  );
  return { catalog, days, seed, startMs: START_MS, demand, ratedShare: rated, truth: () => truth };
}

function runSeed(world: LearnedDaysOptions): { regret: Regrets; mostExplored: number } {
  const truths = new Map(world.demand.map((demand) => [contextKey(demand), trueValues(world, demand)]));
  let [served, lost, servedInTheEnd, lostInTheEnd, mostExplored, day] = [0, 0, 0, 0, 0, 0];
  for (const { requests, explored } of learnedDays(world)) {
    const regret = requests.reduce((sum, one) => sum + regretOf(one, truths), 0);
    served += requests.length;
    lost += regret;
    mostExplored = Math.max(mostExplored, explored);
    day += 1;
    if (day <= world.days * 0.75) continue;
    servedInTheEnd += requests.length;
    lostInTheEnd += regret;
  }
  return {
    mostExplored,
    regret: {
      learned: lost / served,
      learnedInTheEnd: lostInTheEnd / servedInTheEnd,
      usual: meanRegret(world, truths, usualShares),
      uniform: meanRegret(
        world,
        truths,
        ({ values }) => new Map([...values.keys()].map((name) => [name, 1 / values.size])),
      ),
      alwaysCheapest: meanRegret(world, truths, ({ cheapest }) => new Map([[cheapest, 1]])),
      alwaysBestGrade: meanRegret(world, truths, ({ bestGrade }) => new Map([[bestGrade, 1]])),
    },
  };
}

type Truths = ReadonlyMap<string, ReadonlyMap<string, number>>;

function regretOf({ event }: RoutedRequest, truths: Truths): number {
  const values = truths.get(contextKey(event)) ?? new Map<string, number>();
  const first = event.attempts[0]?.provider ?? "";
  return Math.max(...values.values()) - (values.get(first) ?? Math.min(...values.values()));
}

interface Choice {
  readonly catalog: Catalog;
  readonly demand: RoutedDemand;
  readonly values: ReadonlyMap<string, number>;
  readonly cheapest: string;
  readonly bestGrade: string;
}

/** Of a routing that always divides a context's requests in the same way. */
function meanRegret(
  { catalog, demand: all }: LearnedDaysOptions,
  truths: Truths,
  sharesOf: (choice: Choice) => ReadonlyMap<string, number>,
): number {
  const regrets = all.map((demand) => {
    const values = truths.get(contextKey(demand)) ?? new Map<string, number>();
    const shares = sharesOf(choiceOf(catalog, demand, values));
    const got = [...shares].reduce((sum, [name, share]) => sum + share * (values.get(name) ?? 0), 0);
    return { requests: demand.requests, regret: Math.max(...values.values()) - got };
  });
  const requests = regrets.reduce((sum, one) => sum + one.requests, 0);
  return regrets.reduce((sum, one) => sum + one.regret * one.requests, 0) / requests;
}

function choiceOf(catalog: Catalog, demand: RoutedDemand, values: ReadonlyMap<string, number>): Choice {
  const providers = [...values.keys()].flatMap((name) => catalog.providers.get(name) ?? []);
  const [byCost] = candidateOrders(foldControls(catalog, [])).fallback(
    catalog.tiers.get(demand.tier) ?? catalog.defaultTier,
  ).byCost;
  const [byGrade] = providers.toSorted((a, b) => b.quality - a.quality);
  return { catalog, demand, values, cheapest: byCost?.name ?? "", bestGrade: byGrade?.name ?? "" };
}

/** As the catalog's own order has it, by peak hours and others. */
function usualShares({ catalog, demand }: Choice): ReadonlyMap<string, number> {
  const orders = candidateOrders(foldControls(catalog, []));
  const tier = catalog.tiers.get(demand.tier) ?? catalog.defaultTier;
  const shares = new Map<string, number>();
  for (let hourOfDay = 0; hourOfDay < 24; hourOfDay += 1) {
    const [first] = orders.auto({ tier, feature: demand.feature, hourOfDay, highLoad: false });
    if (first !== undefined) shares.set(first.provider.name, (shares.get(first.provider.name) ?? 0) + 1 / 24);
  }
  return shares;
}

function rounded(regrets: Regrets): Regrets {
  const round = (value: number): number => Math.round(value * 10_000) / 10_000;
  const { learned, learnedInTheEnd, usual, uniform, alwaysCheapest, alwaysBestGrade } = regrets;
  return {
    learned: round(learned),
    learnedInTheEnd: round(learnedInTheEnd),
    usual: round(usual),
    uniform: round(uniform),
    alwaysCheapest: round(alwaysCheapest),
    alwaysBestGrade: round(alwaysBestGrade),
  };
}
