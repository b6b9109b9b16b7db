import { performance, type TierRow, userMetrics } from "../data/shapes/metrics.ts";
import { useLiveContext } from "../data/use-live.ts";
import { useResource } from "../data/use-resource.ts";
import { lastDays } from "./days.ts";
import { partsOf } from "./forecast-names.ts";

const EVERY_MS = 60_000;
const DAYS = 60;

export interface PastDay {
  readonly day: string;
  readonly value: number;
}

/** What a forecast's series was on the days before today; empty where the warehouse's tables do not hold that series by day. */
export function useForecastHistory(series: string): readonly PastDay[] {
  const { realtime } = useLiveContext();
  const span = lastDays(DAYS, realtime?.timezone ?? "UTC");
  const system = useResource(`/api/metrics/performance?grain=day&${span}`, performance, EVERY_MS);
  const people = useResource(`/api/metrics/users?grain=day&${span}`, userMetrics, EVERY_MS);
  const { measure, by, of } = partsOf(series);
  if (by === "tier") {
    return (people.data?.tables.tiers ?? [])
      .filter(({ tier }) => tier === of)
      .flatMap((row) => pastDay(row.day, ofTier(row, measure)));
  }
  if (by === "provider" && measure === "daily_spend") {
    return (system.data?.tables.providers ?? [])
      .filter(({ provider }) => provider === of)
      .flatMap(({ period, cost }) => pastDay(period, cost));
  }
  if (by !== "") return [];
  if (measure === "daily_active_users") {
    return (people.data?.tables.daily ?? []).flatMap(({ day, active }) => pastDay(day, active));
  }
  return (system.data?.tables.system ?? []).flatMap(({ period, requests, cost }) =>
    pastDay(period, measure === "daily_spend" ? cost : measure === "daily_requests" ? requests : null),
  );
}

function ofTier({ cost, requests, active }: TierRow, measure: string): number | null {
  if (measure === "daily_spend") return cost;
  if (measure === "daily_requests") return requests;
  return measure === "daily_active_users" ? active : null;
}

function pastDay(day: string, value: number | null): PastDay[] {
  return value === null ? [] : [{ day, value }];
}
