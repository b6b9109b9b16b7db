import { Temporal } from "temporal-polyfill";
import { calendarWindow } from "../../models/domain/window.ts";
import { summedDays } from "../../models/forecast/hit-probability.ts";
import type { IntervalPoint } from "../../models/forecast/interval.ts";
import { recommendBudget } from "../../models/forecast/recommend-budget.ts";
import { recommendProviders } from "../../models/forecast/recommend-provider.ts";
import { recommendTiers } from "../../models/forecast/recommend-tier.ts";
import type { Recommendation } from "../../models/forecast/recommendation.ts";
import type { WarehouseJob } from "../job.ts";
import { type DaySpend, readAdviceFacts } from "./recommend-read.ts";

/** The forecast that it rests on is on its way: a first start fills its history while this runs. */
const AGAIN_MS = 90_000;
/** So that a run without advice is the newest run all the same; no view shows it. */
const NOTHING: Recommendation = {
  kind: "none",
  subject: "",
  advice: "Nothing to change.",
  confidence: 1,
  savedIn30Days: null,
  evidence: {},
};

/**
 * Advice for people: budgets that will be hit or protect from nothing, calls that are cheaper elsewhere, tiers that keep
 * too little or refuse too many; each with its numbers. From the latest forecast and the last 30 days.
 */
export const recommend: WarehouseJob = async ({ warehouse, catalog, newId }, dueAtMs) => {
  const current = catalog();
  const facts = await readAdviceFacts(warehouse, { catalog: current, nowMs: dueAtMs });
  const { spend, spentThisWeek, usage, tiers, growth } = facts;
  const { dailyBudget, weeklyBudget, pauseAt } = current.safeguards;
  const quality = new Map(
    [...current.providers.values()].map((provider) => [provider.name, provider.quality]),
  );
  const advice = [
    ...recommendBudget({ days: spend, budget: dailyBudget, pauseAt, per: "day" }),
    ...recommendBudget({
      days: weeksOf(spend, { spentThisWeek, nowMs: dueAtMs, timezone: current.timezone }),
      budget: weeklyBudget,
      pauseAt,
      per: "week",
    }),
    ...recommendProviders({ usage, quality, growth }),
    ...recommendTiers(tiers),
  ];
  const run = { run_id: newId(), made_at: dueAtMs };
  await warehouse.insert(
    "recommendations",
    (advice.length === 0 ? [NOTHING] : advice).map(({ savedIn30Days, evidence, ...same }) => ({
      ...run,
      ...same,
      saved_in_30_days: savedIn30Days,
      evidence: JSON.stringify(evidence),
    })),
    { deduplicationToken: `recommend-${run.run_id}` },
  );
  return {
    summary: `${advice.length} recommendations`,
    notable: advice.length > 0,
    details: { advice: advice.map((one) => one.advice), growth, forecastDays: spend.length },
    ...(spend.length === 0 ? { againInMs: AGAIN_MS } : {}),
  };
};

interface WeekOptions {
  readonly spentThisWeek: number;
  readonly nowMs: number;
  readonly timezone: string;
}

/** Calendar weeks, this one with what has been spent of it; only whole ones. */
function weeksOf(
  spend: readonly DaySpend[],
  { spentThisWeek, nowMs, timezone }: WeekOptions,
): IntervalPoint[] {
  const { endMs } = calendarWindow("week", nowMs, timezone);
  const nextWeek = Temporal.PlainDate.from(calendarWindow("day", endMs, timezone).name);
  const weeks: IntervalPoint[] = [];
  for (let end = nextWeek; ; end = end.add({ days: 7 })) {
    const isInside = ({ day }: DaySpend): boolean =>
      day < end.toString() && day >= end.subtract({ days: 7 }).toString();
    const days = spend.filter(isInside);
    const isFirst = weeks.length === 0;
    if (days.length === 0 || (!isFirst && days.length < 7)) return weeks;
    weeks.push(summedDays(days, isFirst ? spentThisWeek : 0));
  }
}
