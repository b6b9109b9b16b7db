import type { Catalog } from "../../models/domain/catalog.ts";
import type { FeedbackEvent } from "../../models/domain/feedback-event.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import type { UserEvent } from "../../models/domain/user-event.ts";

/** Everything that is in the warehouse, and how its calendar runs. */
export interface Events {
  readonly requests: readonly RequestEvent[];
  readonly users: readonly UserEvent[];
  readonly feedback: readonly FeedbackEvent[];
  /** `YYYY-MM-DD`, every day of the simulation in order. */
  readonly days: readonly string[];
  readonly catalog: Catalog;
}

/**
 * The metrics once more, out of the events, in the plainest way: loops over arrays, `Intl` for the calendar. It shares
 * no code and no shortcut with the warehouse.
 */
export function calendarOf(timeZone: string): { dayOf(ms: number): string; hourOf(ms: number): number } {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    hourCycle: "h23",
  });
  const known = new Map<number, { day: string; hour: number }>();
  const at = (ms: number): { day: string; hour: number } => {
    const quarter = Math.floor(ms / 900_000);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const made = {
      day: `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`,
      hour: Number(parts.get("hour")),
    };
    known.set(quarter, made);
    return made;
  };
  return { dayOf: (ms) => at(ms).day, hourOf: (ms) => at(ms).hour };
}

export function shiftDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export function mondayOf(day: string): string {
  return shiftDay(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
}

export function daysOfMonth(day: string): number {
  return new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate();
}

export function group<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const list = groups.get(keyOf(item));
    if (list === undefined) groups.set(keyOf(item), [item]);
    else list.push(item);
  }
  return groups;
}

export function sum<Item>(items: readonly Item[], read: (item: Item) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}

export function countOf(requests: readonly RequestEvent[], ...outcomes: RequestEvent["outcome"][]): number {
  return requests.filter(({ outcome }) => outcomes.includes(outcome)).length;
}

export function spendDaily({ requests, catalog }: Events) {
  const { dayOf } = calendarOf(catalog.timezone);
  return [...group(requests, ({ ts }) => dayOf(ts))].sort(byKey).map(([day, events]) => ({
    day,
    requests: events.length,
    ok: countOf(events, "ok", "cached"),
    cached: countOf(events, "cached"),
    denied: countOf(events, "denied"),
    failed: countOf(events, "failed"),
    aborted: countOf(events, "aborted"),
    users: new Set(events.map(({ user_id }) => user_id)).size,
    cost: sum(events, ({ cost }) => cost),
    cache_saved: sum(events, ({ cache_saved }) => cache_saved),
  }));
}

export function systemDaily({ requests, feedback, catalog }: Events) {
  const { dayOf } = calendarOf(catalog.timezone);
  const ratings = group(feedback, ({ ts }) => dayOf(ts));
  return [...group(requests, ({ ts }) => dayOf(ts))].sort(byKey).map(([day, events]) => {
    const served = countOf(events, "ok", "cached", "failed", "aborted");
    const minutes = [...group(events, ({ ts }) => String(Math.floor(ts / 60_000))).values()];
    const busy = minutes.filter((of) => countOf(of, "ok", "cached", "failed", "aborted") > 0);
    const up = busy.filter(
      (of) => countOf(of, "failed") <= 0.05 * countOf(of, "ok", "cached", "failed", "aborted"),
    );
    const answers = events.filter(({ outcome }) => outcome === "ok" || outcome === "cached");
    const given = ratings.get(day) ?? [];
    return {
      period: day,
      requests: events.length,
      served,
      failed: countOf(events, "failed"),
      error_rate: served === 0 ? null : countOf(events, "failed") / served,
      minutes: busy.length,
      uptime: busy.length === 0 ? null : up.length / busy.length,
      peak_requests_per_minute: Math.max(...minutes.map((of) => of.length)),
      answers: answers.length,
      avg_ms: sum(answers, ({ latency_ms }) => latency_ms) / answers.length,
      peak_ms: Math.max(...answers.map(({ latency_ms }) => latency_ms)),
      ratings: given.length,
      satisfaction: given.length < 5 ? null : sum(given, ({ rating }) => rating) / given.length,
    };
  });
}

export function providersDaily({ requests, feedback, catalog }: Events) {
  const { dayOf } = calendarOf(catalog.timezone);
  const calls = requests.flatMap(({ ts, attempts }) => attempts.map((call) => ({ ...call, day: dayOf(ts) })));
  const last = group(
    requests.filter(({ provider }) => provider !== ""),
    ({ ts, provider }) => `${dayOf(ts)} ${provider}`,
  );
  const byRequest = new Map(requests.map((event) => [String(event.request_id), event]));
  const rated = group(
    feedback,
    ({ ts, request_id }) => `${dayOf(ts)} ${byRequest.get(request_id)?.provider ?? ""}`,
  );
  return [...group(calls, ({ day, provider }) => `${day} ${provider}`)].sort(byKey).map(([key, made]) => {
    const [period = "", provider = ""] = key.split(" ");
    const events = last.get(key) ?? [];
    const answers = events.filter(({ outcome }) => outcome === "ok");
    const streams = answers.filter(({ stream, ttft_ms }) => stream && ttft_ms > 0);
    const judged = made.filter(({ outcome }) => outcome !== "aborted" && outcome !== "rejected");
    const ok = made.filter(({ outcome }) => outcome === "ok").length;
    const given = rated.get(key) ?? [];
    const cost = sum(events, (event) => event.cost);
    return {
      period,
      provider,
      answers: answers.length,
      avg_ms: answers.length === 0 ? 0 : sum(answers, ({ latency_ms }) => latency_ms) / answers.length,
      avg_ttft_ms: streams.length === 0 ? null : sum(streams, ({ ttft_ms }) => ttft_ms) / streams.length,
      calls: made.length,
      ok_calls: ok,
      success_rate: judged.length === 0 ? null : ok / judged.length,
      cost,
      cost_per_request: answers.length === 0 ? null : cost / answers.length,
      ratings: given.length,
      satisfaction: given.length < 5 ? null : sum(given, ({ rating }) => rating) / given.length,
    };
  });
}

export function cacheTotal({ requests, catalog }: Events) {
  const cacheable = requests.filter(
    ({ outcome, feature }) =>
      (outcome === "ok" || outcome === "cached") && (catalog.features.get(feature)?.cacheMinutes ?? 0) > 0,
  );
  return [...group(cacheable, ({ feature }) => feature)].sort(byKey).map(([feature, events]) => ({
    feature,
    cacheable: events.length,
    hits: countOf(events, "cached"),
    hit_rate: countOf(events, "cached") / events.length,
    saved: sum(events, ({ cache_saved }) => cache_saved),
  }));
}

export function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
