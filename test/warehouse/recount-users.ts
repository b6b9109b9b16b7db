import { byKey, calendarOf, daysOfMonth, type Events, group, mondayOf, shiftDay, sum } from "./recount.ts";

/** The tier of each user at the end of each day, by the events in order. */
export function tiersByDay({ users, days, catalog }: Events): Map<string, Map<string, string>> {
  const { dayOf } = calendarOf(catalog.timezone);
  const ofDay = group(
    users.toSorted((a, b) => a.ts - b.ts),
    ({ ts }) => dayOf(ts),
  );
  const tiers = new Map<string, string>();
  const result = new Map<string, Map<string, string>>();
  for (const day of days) {
    for (const event of ofDay.get(day) ?? []) {
      if (event.type === "set") tiers.set(event.user_id, event.tier);
      if (event.type === "seen" && !tiers.has(event.user_id)) tiers.set(event.user_id, event.tier);
    }
    result.set(day, new Map(tiers));
  }
  return result;
}

export function usersDaily(events: Events) {
  const { days, requests, catalog } = events;
  const { dayOf } = calendarOf(catalog.timezone);
  const tiers = tiersByDay(events);
  const active = new Map([...group(requests, ({ ts }) => dayOf(ts))].map(([day, of]) => [day, setOf(of)]));
  const within = (day: string, from: number, to: number): Set<string> => {
    const all = new Set<string>();
    for (let back = from; back <= to; back += 1)
      for (const id of active.get(shiftDay(day, -back)) ?? []) all.add(id);
    return all;
  };
  const moves = movesOf(events);
  const paidOn = (day: string): number =>
    [...(tiers.get(day)?.values() ?? [])].filter((tier) => priceOf(events, tier) > 0).length;
  return days.map((day) => {
    const [recent, former] = [within(day, 0, 29), within(day, 30, 59)];
    const lost = [...former].filter((id) => !recent.has(id)).length;
    const cancelled = sum(
      Array.from({ length: 30 }, (_, back) => shiftDay(day, -back)),
      (other) => moves.cancellations.get(other) ?? 0,
    );
    const before = paidOn(shiftDay(day, -30));
    return {
      day,
      total_users: tiers.get(day)?.size ?? 0,
      new_users: (tiers.get(day)?.size ?? 0) - (tiers.get(shiftDay(day, -1))?.size ?? 0),
      active: active.get(day)?.size ?? 0,
      active_7: within(day, 0, 6).size,
      active_30: recent.size,
      churn_rate: former.size === 0 ? null : lost / former.size,
      paid_users: paidOn(day),
      upgrades: moves.upgrades.get(day) ?? 0,
      cancellations: moves.cancellations.get(day) ?? 0,
      subscription_churn: before === 0 ? null : cancelled / before,
    };
  });
}

export function tiersDaily(events: Events) {
  const { days, requests, catalog } = events;
  const { dayOf } = calendarOf(catalog.timezone);
  const tiers = tiersByDay(events);
  const ofDay = group(requests, ({ ts, tier }) => `${dayOf(ts)} ${tier}`);
  const everybody = new Map([...group(requests, ({ ts }) => dayOf(ts))].map(([day, of]) => [day, setOf(of)]));
  return days.flatMap((day) =>
    [...catalog.tiers.keys()].sort().flatMap((tier) => {
      const users = [...(tiers.get(day)?.values() ?? [])].filter((of) => of === tier).length;
      const asked = ofDay.get(`${day} ${tier}`) ?? [];
      const ofTier = (id: string): boolean => tiers.get(day)?.get(id) === tier;
      const active = [...(everybody.get(day) ?? [])].filter(ofTier).length;
      const recent = Array.from({ length: 30 }, (_, back) => [
        ...(everybody.get(shiftDay(day, -back)) ?? []),
      ]);
      return {
        day,
        tier,
        users,
        active,
        active_30: new Set(recent.flat().filter(ofTier)).size,
        requests: asked.length,
        engagement: active === 0 ? null : asked.length / active,
        revenue: Math.floor((users * priceOf(events, tier)) / daysOfMonth(day)),
        cost: sum(asked, ({ cost }) => cost),
      };
    }),
  );
}

export function cohorts(events: Events) {
  const { requests, users, catalog } = events;
  const { dayOf } = calendarOf(catalog.timezone);
  const met = new Map<string, string>();
  for (const { user_id, ts } of users.toSorted((a, b) => a.ts - b.ts)) {
    if (!met.has(user_id)) met.set(user_id, mondayOf(dayOf(ts)));
  }
  const sizes = group([...met], ([, cohort]) => cohort);
  const used = group(requests, ({ ts, user_id }) => `${met.get(user_id)} ${mondayOf(dayOf(ts))}`);
  return [...used].sort(byKey).map(([key, of]) => {
    const [cohort = "", monday = ""] = key.split(" ");
    const size = sizes.get(cohort)?.length ?? 0;
    const active = setOf(of).size;
    return {
      cohort,
      week: (Date.parse(monday) - Date.parse(cohort)) / (7 * 86_400_000),
      size,
      active,
      retention: active / size,
    };
  });
}

export function businessDaily(events: Events) {
  const { days, requests, catalog } = events;
  const { dayOf } = calendarOf(catalog.timezone);
  const tiers = tiersByDay(events);
  const users = new Map(usersDaily(events).map((row) => [row.day, row]));
  const spent = group(requests, ({ ts }) => dayOf(ts));
  const rows = days.map((day) => {
    const mrr = sum([...(tiers.get(day)?.values() ?? [])], (tier) => priceOf(events, tier));
    const ai = sum(spent.get(day) ?? [], ({ cost }) => cost);
    const part = (monthly: number): number => Math.floor(monthly / daysOfMonth(day));
    const fixed = part(catalog.business.infrastructureMonthly) + part(catalog.business.supportMonthly);
    return { day, mrr, revenue: part(mrr), ai, costs: ai + fixed };
  });
  return rows.map((row, index) => {
    const last30 = rows.slice(Math.max(0, index - 29), index + 1);
    const [revenue, costs] = [sum(last30, (of) => of.revenue), sum(last30, (of) => of.costs)];
    const known = users.get(row.day);
    const active = known?.active_30 ?? 0;
    const margin = revenue === 0 ? null : (revenue - costs) / revenue;
    const arpu = active === 0 ? null : row.mrr / active;
    const churn = known?.subscription_churn ?? 0;
    const months = churn === 0 ? 36 : Math.min(36, 1 / churn);
    return {
      ...row,
      arpu,
      gross_margin: margin,
      profit_per_user: active === 0 ? null : (revenue - costs) / active,
      clv: arpu === null || margin === null ? null : arpu * margin * months,
    };
  });
}

function priceOf({ catalog }: Events, tier: string): number {
  return catalog.tiers.get(tier)?.monthlyPrice ?? 0;
}

function setOf(requests: readonly { readonly user_id: string }[]): Set<string> {
  return new Set(requests.map(({ user_id }) => user_id));
}

function movesOf(events: Events) {
  const { dayOf } = calendarOf(events.catalog.timezone);
  const tiers = new Map<string, string>();
  const upgrades = new Map<string, number>();
  const cancellations = new Map<string, number>();
  for (const event of events.users.toSorted((a, b) => a.ts - b.ts)) {
    if (event.type === "erased") continue;
    const before = tiers.get(event.user_id);
    if (event.type === "seen" && before !== undefined) continue;
    tiers.set(event.user_id, event.tier);
    if (before === undefined) continue;
    const [from, to] = [priceOf(events, before), priceOf(events, event.tier)];
    const day = dayOf(event.ts);
    if (from === 0 && to > 0) upgrades.set(day, (upgrades.get(day) ?? 0) + 1);
    if (from > 0 && to === 0) cancellations.set(day, (cancellations.get(day) ?? 0) + 1);
  }
  return { upgrades, cancellations };
}
