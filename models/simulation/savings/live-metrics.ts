import type { Catalog } from "../../domain/catalog.ts";
import { usdFromNano } from "../../domain/money.ts";
import type { CalendarWindow } from "../../domain/window.ts";
import { budgetPace } from "../../rules/budget-pace.ts";
import { estimateMean, MIN_SAMPLE, sumByRater } from "../../rules/estimate.ts";
import type { MetricValues } from "../../rules/metrics.ts";
import type { ProviderDay } from "../../rules/provider-facts.ts";
import { type ForecastMetrics, NO_FORECAST } from "./daily-forecast.ts";
import type { DemandDay } from "./demand.ts";
import { openPastWindow, type PastWindow } from "./past-window.ts";
import { openPayingRefused } from "./paying-refused.ts";
import type { ServedRequest } from "./served-request.ts";
import { openSpendHistory, type SpendHistory } from "./spend-history.ts";

/** What the warehouse would know, as the automation's queries read it. */
export interface Observer {
  readonly past: PastWindow;
  readonly history: SpendHistory;
  beginDay(day: Pick<DemandDay, "window" | "newcomers" | "usersBefore">, forecasts: ForecastMetrics): void;
  endDay(): void;
  add(request: ServedRequest): void;
  metricsAt(nowMs: number): MetricValues;
  providersToday(): readonly ProviderDay[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const RATING_DAYS = 7;
const MIN_USERS = 50;

interface Rating {
  readonly ts: number;
  readonly user_id: string;
  readonly rating: number;
}

interface Today {
  readonly window: CalendarWindow;
  readonly newcomers: ReadonlySet<string>;
  readonly usersBefore: number;
  readonly forecasts: ForecastMetrics;
  readonly active: Set<string>;
  readonly providers: Map<string, ProviderDay>;
}

export function openObserver(catalog: Catalog, firstDay: CalendarWindow): Observer {
  const past = openPastWindow();
  const history = openSpendHistory(firstDay.startMs);
  const payingRefused = openPayingRefused(catalog);
  const cached = new Set(
    [...catalog.features.values()].filter(({ cacheMinutes }) => cacheMinutes > 0).map(({ name }) => name),
  );
  let ratings: Rating[] = [];
  let today = newDay({ window: firstDay, newcomers: new Set(), usersBefore: 0, forecasts: NO_FORECAST });

  return {
    past,
    history,
    beginDay({ window, newcomers, usersBefore }, forecasts) {
      ratings = ratings.filter(({ ts }) => ts >= window.startMs - RATING_DAYS * DAY_MS);
      past.forgetBefore(window.startMs - DAY_MS);
      today = newDay({ window, newcomers, usersBefore, forecasts });
    },
    endDay: () => history.closeDay(today.active.size),
    add(request) {
      past.add(request);
      history.add(request);
      payingRefused.add(request);
      if (request.rating > 0)
        ratings.push({ ts: request.ts, user_id: request.user_id, rating: request.rating });
      today.active.add(request.user_id);
      if (request.provider !== "" && request.outcome !== "cached") addToProvider(today.providers, request);
    },
    providersToday: () => [...today.providers.values()],
    metricsAt(nowMs) {
      const lastHour = past.between(nowMs - HOUR_MS, nowMs);
      const minutes = (count: number) => lastHour.filter(({ ts }) => ts >= nowMs - count * MINUTE_MS);
      const lastFive = minutes(5);
      const clockHourMs =
        today.window.startMs + Math.floor((nowMs - today.window.startMs) / HOUR_MS) * HOUR_MS;
      const targetSpend = usdFromNano(catalog.automation.targetDailySpend);
      const dailySpend = usdFromNano(history.spentToday());
      const projectedNano = history.projected(nowMs, today.window);
      const projected = projectedNano === null ? null : usdFromNano(Math.round(projectedNano));
      return {
        daily_spend: dailySpend,
        hourly_spend: costOf(lastHour.filter(({ ts }) => ts >= clockHourMs)),
        projected_daily_spend: projected,
        target_spend: targetSpend,
        daily_budget: usdFromNano(catalog.safeguards.dailyBudget),
        weekly_budget: usdFromNano(catalog.safeguards.weeklyBudget),
        cost_per_request: ratio(costOf(lastHour), lastHour.filter(isAnswered).length, MIN_SAMPLE.mean),
        requests_per_minute: minutes(1).length,
        users_online: new Set(lastFive.map(({ user_id }) => user_id)).size,
        cache_hit_rate: hitRate(lastHour.filter(({ feature }) => cached.has(feature))),
        user_satisfaction: satisfaction(ratings, nowMs),
        response_time_ms: p95(lastFive),
        error_rate: errorRate(lastFive),
        user_growth: today.usersBefore < MIN_USERS ? null : newcomersSeen(today) / today.usersBefore,
        usage_ratio: history.usageRatio(nowMs),
        budget_pace: budgetPace({ targetSpend, dailySpend, projected }),
        paying_denied_share: payingRefused.share(nowMs),
        ...today.forecasts,
        // The simulation has no detector of anomalies, and no rule of the default catalog asks for one.
        anomaly_spend: null,
        anomaly_requests: null,
        anomaly_error_rate: null,
        anomaly_latency: null,
      };
    },
  };
}

function newDay(day: Omit<Today, "active" | "providers">): Today {
  return { ...day, active: new Set(), providers: new Map() };
}

function newcomersSeen({ newcomers, active }: Today): number {
  return [...newcomers].filter((id) => active.has(id)).length;
}

function addToProvider(providers: Map<string, ProviderDay>, request: ServedRequest): void {
  const { provider, cost } = request;
  const before = providers.get(provider) ?? {
    provider,
    requests: 0,
    cost: 0,
    inputTokens: 0,
    outputTokens: 0,
  };
  providers.set(provider, {
    provider,
    requests: before.requests + 1,
    cost: before.cost + cost,
    inputTokens: before.inputTokens + request.input_tokens + request.cached_input_tokens,
    outputTokens: before.outputTokens + request.output_tokens + request.reasoning_tokens,
  });
}

function isAnswered({ outcome }: ServedRequest): boolean {
  return outcome === "ok" || outcome === "cached";
}

function costOf(requests: readonly ServedRequest[]): number {
  return usdFromNano(requests.reduce((sum, { cost }) => sum + cost, 0));
}

function hitRate(cacheable: readonly ServedRequest[]): number | null {
  const answered = cacheable.filter(isAnswered);
  return ratio(
    answered.filter(({ outcome }) => outcome === "cached").length,
    answered.length,
    MIN_SAMPLE.share,
  );
}

function errorRate(requests: readonly ServedRequest[]): number | null {
  const served = requests.filter(({ outcome }) => outcome !== "denied");
  return ratio(served.filter(({ outcome }) => outcome === "failed").length, served.length, MIN_SAMPLE.share);
}

function p95(requests: readonly ServedRequest[]): number | null {
  const times = requests.filter(({ outcome }) => outcome === "ok").map(({ latency_ms }) => latency_ms);
  if (times.length < MIN_SAMPLE.percentile95) return null;
  return times.sort((a, b) => a - b)[Math.floor(0.95 * times.length)] ?? null;
}

function satisfaction(ratings: readonly Rating[], nowMs: number): number | null {
  const recent = ratings.filter(({ ts }) => ts > nowMs - RATING_DAYS * DAY_MS);
  return estimateMean(sumByRater(recent), MIN_SAMPLE.raters)?.value ?? null;
}

function ratio(part: number, whole: number, least: number): number | null {
  return whole < least ? null : part / whole;
}
