import type { Tier } from "../domain/catalog.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import type { Person } from "./person.ts";

/** What is true of a day, counted where it happens and not out of the events. Money in nano-dollars. */
export interface DayTruth {
  /** `YYYY-MM-DD` in the catalog's time zone. */
  readonly day: string;
  requests: number;
  ok: number;
  cached: number;
  denied: number;
  failed: number;
  aborted: number;
  cost: number;
  cacheSaved: number;
  /** Users with at least one request: today, in 7 and in 30 days up to today. */
  activeUsers: number;
  activeUsers7: number;
  activeUsers30: number;
  /** Active in the 30 days before the last 30, and those of them who were not active in the last 30. */
  formerlyActive: number;
  lost: number;
  totalUsers: number;
  newUsers: number;
  /** At the end of the day. */
  monthlyRevenue: number;
  paidUsers: number;
  /** From a tier that costs nothing to one that does, and back. */
  upgrades: number;
  cancellations: number;
  ratings: number;
  ratingSum: number;
  readonly tiers: Record<string, TierTruth>;
  readonly providers: Record<string, ProviderTruth>;
}

export interface TierTruth {
  /** In the tier at the end of the day; and of them, active on the day and in the 30 days up to it. */
  users: number;
  activeUsers: number;
  activeUsers30: number;
  requests: number;
  cost: number;
}

export interface ProviderTruth {
  /** Requests that it was the last one to be called for. */
  requests: number;
  cost: number;
  calls: number;
  okCalls: number;
  /** Requests with outcome ok, and what showed of their answers. */
  answers: number;
  cutOff: number;
  empty: number;
  refused: number;
  filtered: number;
  invalidJson: number;
  askedAgain: number;
}

export function emptyTruth(day: string): DayTruth {
  return {
    day,
    requests: 0,
    ok: 0,
    cached: 0,
    denied: 0,
    failed: 0,
    aborted: 0,
    cost: 0,
    cacheSaved: 0,
    activeUsers: 0,
    activeUsers7: 0,
    activeUsers30: 0,
    formerlyActive: 0,
    lost: 0,
    totalUsers: 0,
    newUsers: 0,
    monthlyRevenue: 0,
    paidUsers: 0,
    upgrades: 0,
    cancellations: 0,
    ratings: 0,
    ratingSum: 0,
    tiers: {},
    providers: {},
  };
}

export function countRequest(truth: DayTruth, event: RequestEvent): void {
  truth.requests += 1;
  if (event.outcome !== "orphaned") truth[event.outcome] += 1;
  truth.cost += event.cost;
  truth.cacheSaved += event.cache_saved;
  const tier = tierOf(truth, event.tier);
  tier.requests += 1;
  tier.cost += event.cost;
  if (event.provider !== "") {
    const last = providerOf(truth, event.provider);
    last.requests += 1;
    last.cost += event.cost;
  }
  countQuality(truth, event);
  for (const { provider, outcome } of event.attempts) {
    const called = providerOf(truth, provider);
    called.calls += 1;
    if (outcome === "ok") called.okCalls += 1;
  }
}

function countQuality(truth: DayTruth, event: RequestEvent): void {
  if (event.asked_again_of !== "") providerOf(truth, event.asked_again_of).askedAgain += 1;
  if (event.outcome !== "ok") return;
  const answerer = providerOf(truth, event.provider);
  answerer.answers += 1;
  if (event.cut_off) answerer.cutOff += 1;
  if (event.empty) answerer.empty += 1;
  if (event.refused) answerer.refused += 1;
  if (event.filtered) answerer.filtered += 1;
  if (event.invalid_json) answerer.invalidJson += 1;
}

const LAST_7_DAYS = 2 ** 7 - 1;

/** At the end of the day, for everybody who has ever signed up. */
export function countPerson(truth: DayTruth, { tier, recentDays, beforeDays }: Person): void {
  truth.totalUsers += 1;
  const users = tierOf(truth, tier.name);
  users.users += 1;
  if ((recentDays & 1) !== 0) users.activeUsers += 1;
  if (recentDays !== 0) users.activeUsers30 += 1;
  truth.monthlyRevenue += tier.monthlyPrice;
  if (tier.monthlyPrice > 0) truth.paidUsers += 1;
  if ((recentDays & 1) !== 0) truth.activeUsers += 1;
  if ((recentDays & LAST_7_DAYS) !== 0) truth.activeUsers7 += 1;
  if (recentDays !== 0) truth.activeUsers30 += 1;
  if (beforeDays === 0) return;
  truth.formerlyActive += 1;
  if (recentDays === 0) truth.lost += 1;
}

export function countChange(truth: DayTruth, from: Tier, to: Tier): void {
  if (from.monthlyPrice === 0 && to.monthlyPrice > 0) truth.upgrades += 1;
  if (from.monthlyPrice > 0 && to.monthlyPrice === 0) truth.cancellations += 1;
}

function tierOf(truth: DayTruth, name: string): TierTruth {
  const found = truth.tiers[name] ?? { users: 0, activeUsers: 0, activeUsers30: 0, requests: 0, cost: 0 };
  truth.tiers[name] = found;
  return found;
}

function providerOf(truth: DayTruth, name: string): ProviderTruth {
  const found = truth.providers[name] ?? emptyProvider();
  truth.providers[name] = found;
  return found;
}

function emptyProvider(): ProviderTruth {
  return {
    requests: 0,
    cost: 0,
    calls: 0,
    okCalls: 0,
    answers: 0,
    cutOff: 0,
    empty: 0,
    refused: 0,
    filtered: 0,
    invalidJson: 0,
    askedAgain: 0,
  };
}
