import type { Provider, Tier } from "../../domain/catalog.ts";
import type { LearningSettings } from "../../domain/learning.ts";
import { candidateOrders } from "../../policy/candidate-order.ts";
import type { Controls } from "../../policy/controls.ts";
import { type ArmBelief, believe } from "./arm-belief.ts";
import { burdenFactors } from "./objective.ts";
import { type RoutingCell, type RoutingContext, sumOutcomes } from "./routing-cell.ts";

/** A tier and feature with what is known of the providers that may serve it. */
export interface KnownContext extends RoutingContext {
  readonly cells: readonly RoutingCell[];
  readonly dailyRequests: number;
  /** Where its requests go without weights. */
  readonly usual: UsualProviders;
  /** Of the providers that may get more than they have, those usual ones included. */
  readonly beliefs: readonly ArmBelief[];
}

export interface UsualProviders {
  readonly peak: string;
  readonly offPeak: string;
}

export interface LearnedFrom {
  /** Without directives: the catalog's own routing. */
  readonly controls: Controls;
  readonly settings: LearningSettings;
  readonly cells: readonly RoutingCell[];
  /** That the cells are of. */
  readonly days: number;
  /** Providers that take no requests at the moment. */
  readonly drained: ReadonlySet<string>;
  readonly nowMs: number;
}

/** More are left alone: those with the fewest requests. */
const MAX_CONTEXTS = 50;

/** Those with enough requests and a choice of providers, the busiest first. */
export function knownContexts(from: LearnedFrom): KnownContext[] {
  const groups = new Map<string, RoutingCell[]>();
  for (const cell of from.cells) {
    const key = contextKey(cell);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()]
    .map((cells) => ({ cells, dailyRequests: sumOutcomes(cells).requests / from.days }))
    .filter(({ dailyRequests }) => dailyRequests >= from.settings.minDailyRequests)
    .sort((a, b) => b.dailyRequests - a.dailyRequests)
    .slice(0, MAX_CONTEXTS)
    .flatMap((group) => knownContext(group, from) ?? []);
}

export function contextKey({ tier, feature }: RoutingContext): string {
  return JSON.stringify([tier, feature]);
}

function knownContext(
  { cells, dailyRequests }: Pick<KnownContext, "cells" | "dailyRequests">,
  from: LearnedFrom,
): KnownContext | null {
  const [first] = cells;
  const tier = first === undefined ? undefined : from.controls.tiers.get(first.tier);
  if (first === undefined || tier === undefined) return null;
  const { feature } = first;
  const peak = providersOf(from, { tier, feature, isPeak: true });
  const offPeak = providersOf(from, { tier, feature, isPeak: false });
  const [peakFirst, offPeakFirst] = [peak[0], offPeak[0]];
  if (peakFirst === undefined || offPeakFirst === undefined) return null;
  const usual = { peak: peakFirst.name, offPeak: offPeakFirst.name };
  const all = offPeak.map((provider) => beliefIn(provider, cells, from));
  const beliefs = all.filter((belief) => isEligible(belief, { all, usual, from }));
  return beliefs.length < 2 ? null : { tier: tier.name, feature, cells, dailyRequests, usual, beliefs };
}

interface Asked {
  readonly tier: Tier;
  readonly feature: string;
  readonly isPeak: boolean;
}

function providersOf(
  { controls, drained }: Pick<LearnedFrom, "controls" | "drained">,
  { tier, feature, isPeak }: Asked,
): Provider[] {
  const hour = HOURS.find((one) => controls.catalog.routing.peakHours.has(one) === isPeak);
  // Without such an hour all hours are alike.
  const hourOfDay = hour ?? 0;
  return candidateOrders(controls)
    .auto({ tier, feature, hourOfDay, highLoad: false })
    .map(({ provider }) => provider)
    .filter(({ name }) => !drained.has(name));
}

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

function beliefIn(
  provider: Provider,
  cells: readonly RoutingCell[],
  { settings, cells: all, nowMs }: LearnedFrom,
): ArmBelief {
  const own = new Set(cells);
  const isHere = (cell: RoutingCell): boolean => cell.provider === provider.name;
  return believe({
    provider,
    objective: settings.objective,
    factors: burdenFactors(settings.objective),
    here: sumOutcomes(cells.filter(isHere)),
    elsewhere: sumOutcomes(all.filter((cell) => isHere(cell) && !own.has(cell))),
    context: sumOutcomes(cells),
    nowMs,
  });
}

/** The floors: what is usual may stay; what would come instead must be good enough by its grade, in stars, and beside the usual. */
function isEligible(
  { provider, rating }: ArmBelief,
  {
    all,
    usual,
    from,
  }: { readonly all: readonly ArmBelief[]; readonly usual: UsualProviders; readonly from: LearnedFrom },
): boolean {
  if (provider === usual.peak || provider === usual.offPeak) return true;
  const { minQuality, minRating, maxRatingLoss } = from.settings;
  const usualRatings = all
    .filter((one) => one.provider === usual.peak || one.provider === usual.offPeak)
    .map((one) => one.rating);
  const quality = from.controls.catalog.providers.get(provider)?.quality ?? 0;
  const least = Math.max(minRating, Math.max(...usualRatings) - maxRatingLoss);
  return quality >= minQuality && rating >= least;
}
