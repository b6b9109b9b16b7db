import type { Catalog, Tier } from "../../domain/catalog.ts";
import type { CalendarWindow } from "../../domain/window.ts";
import type { ReplayClock } from "../counterfactual-clock.ts";
import type { ServedRequest } from "./served-request.ts";

export interface PassedLimits {
  /** `tiers`: as directives in force had them at that moment. Only their requests count; money is held against the catalog. */
  add(request: ServedRequest, tiers?: Catalog["tiers"]): void;
  /** Days, weeks and months in which the catalog's limits were passed: of everybody's money, and of each user's requests and money. */
  passed(): number;
}

/** Sums of one kind of window; those of a window that is over are forgotten. */
function openSums() {
  const sums = new Map<string, number>();
  let current = "";
  return (window: CalendarWindow, who: string, amount: number): number => {
    if (window.name !== current) sums.clear();
    current = window.name;
    const sum = (sums.get(who) ?? 0) + amount;
    sums.set(who, sum);
    return sum;
  };
}

/**
 * The limits once more, counted out of what was served and without the policy's counters: what those let through by mistake shows
 * here. A user's limits are those of the tier of the moment; what was spent before in a dearer one is no fault of this request, as
 * long as it costs nothing.
 */
export function countPassedLimits(catalog: Catalog, clock: ReplayClock): PassedLimits {
  const { dailyBudget, weeklyBudget } = catalog.safeguards;
  const sums = {
    day: openSums(),
    week: openSums(),
    ownRequests: openSums(),
    ownWeek: openSums(),
    ownMonth: openSums(),
  };
  const passed = new Set<string>();
  const check = (isOver: boolean, name: string): void => {
    if (isOver) passed.add(name);
  };
  const checkOwn = (
    { user_id, cost }: ServedRequest,
    { dailyRequests, weeklyBudget: weekly, monthlyBudget: monthly }: Tier,
    windows: ReturnType<ReplayClock["windowsAt"]>,
  ) => {
    const { day, week, month } = windows;
    const requests = sums.ownRequests(day, user_id, 1);
    check(requests > dailyRequests, `requests ${user_id} ${day.name}`);
    const [ofWeek, ofMonth] = [sums.ownWeek(week, user_id, cost), sums.ownMonth(month, user_id, cost)];
    check(cost > 0 && ofWeek > weekly, `week ${user_id} ${week.name}`);
    check(cost > 0 && ofMonth > monthly, `month ${user_id} ${month.name}`);
  };
  return {
    add(request, tiers = catalog.tiers) {
      if (request.outcome === "denied") return;
      const windows = clock.windowsAt(request.ts);
      const { day, week } = windows;
      check(sums.day(day, "", request.cost) > dailyBudget, `day ${day.name}`);
      check(sums.week(week, "", request.cost) > weeklyBudget, `week ${week.name}`);
      const tier = catalog.tiers.get(request.tier);
      if (tier === undefined) return;
      const { dailyRequests = tier.dailyRequests } = tiers.get(request.tier) ?? {};
      checkOwn(request, { ...tier, dailyRequests }, windows);
    },
    passed: () => passed.size,
  };
}
