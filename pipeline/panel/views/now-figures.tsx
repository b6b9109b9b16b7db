import type { Minute } from "../data/shapes/now.ts";
import { useLiveContext } from "../data/use-live.ts";
import { count, milliseconds, percent, usd, usdFine } from "../format.ts";
import { Figure, type FigureProps } from "../parts/figure.tsx";

const BASIS_MINUTES = 5;

/** What happens now, each with its last hour. */
export function NowFigures({ minutes }: { minutes: readonly Minute[] }) {
  const { freshness } = useLiveContext();
  return (
    <ul class={`figures figures-6 span-12 ${freshness === "lost" ? "old" : ""}`} aria-label="Now">
      {useFigures(minutes).map((figure) => (
        <Figure key={figure.name} {...figure} lineOf="the last hour by minute" />
      ))}
    </ul>
  );
}

function useFigures(minutes: readonly Minute[]): FigureProps[] {
  const { realtime } = useLiveContext();
  const latest = minutes.slice(-BASIS_MINUTES);
  const served = sum(latest, ({ served: some }) => some);
  const failed = sum(latest, ({ failed: some }) => some);
  const success = served === 0 ? null : 1 - failed / served;
  const slowest = latest.flatMap(({ p95Ms }) => (p95Ms === null ? [] : [p95Ms]));
  return [
    {
      name: "currentHourlySpend",
      title: "Spend this hour",
      value: usd(realtime?.currentHourlySpend),
      hint: `a normal hour: ${usd(realtime?.normalHourlySpend)}`,
      line: minutes.map(({ cost }) => cost),
    },
    {
      name: "usersOnline",
      title: "Users online",
      value: count(realtime?.usersOnline),
      hint: "asked in the last 5 min",
      line: minutes.map(({ users }) => users),
    },
    {
      name: "requestsPerMinute",
      title: "Requests per minute",
      value: count(realtime?.requestsPerMinute),
      hint: `${count(realtime?.requestsToday)} today`,
      line: minutes.map(({ requests }) => requests),
    },
    {
      name: "avgCostPerRequest",
      title: "Cost per request",
      value: usdFine(realtime?.avgCostPerRequest),
      hint: "mean of the last hour",
      line: minutes.map(({ cost, served: some }) => (some === 0 ? null : cost / some)),
    },
    {
      name: "success",
      title: "Success",
      value: percent(success),
      hint: served === 0 ? "nothing served in 5 min" : "in the last 5 min",
      line: minutes.map((one) => (one.served === 0 ? null : 1 - one.failed / one.served)),
    },
    {
      name: "latency",
      title: "Latency, p95",
      value: milliseconds(slowest.length === 0 ? null : Math.max(...slowest)),
      hint: slowest.length === 0 ? "nothing answered in 5 min" : "slowest of the last 5 min",
      line: minutes.map(({ p95Ms }) => p95Ms),
    },
  ];
}

function sum<Item>(items: readonly Item[], read: (item: Item) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}
