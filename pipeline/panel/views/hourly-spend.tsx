import type { Recent } from "../data/shapes/now.ts";
import { alerts, directives } from "../data/shapes/steer.ts";
import { useLiveContext } from "../data/use-live.ts";
import { useResource } from "../data/use-resource.ts";
import { usd } from "../format.ts";
import { Chart, type ChartMark } from "../parts/chart.tsx";
import { nameOfKind } from "./directive-names.ts";

const HOUR_MS = 3_600_000;
const HOURS = 48;
/** As high as the ladder beside it. */
const HEIGHT_PX = 320;
const MARKS_EVERY_MS = 30_000;

/** What each hour cost, with the directives and alerts that began in it. */
export function HourlySpend({ hours }: Pick<Recent, "hours">) {
  const { realtime } = useLiveContext();
  const marks = useMarks();
  if (hours.length === 0)
    return <p class="empty">No requests in the last two days. Send one to fill this.</p>;
  const costs = new Map(hours.map(({ at, cost }) => [at, cost]));
  const last = Math.max(...costs.keys());
  const times = Array.from({ length: HOURS }, (_, index) => last - (HOURS - 1 - index) * HOUR_MS);
  const total = hours.reduce((sum, { cost }) => sum + cost, 0);
  return (
    <Chart
      summary={`Spend of each hour; ${usd(total)} in two days`}
      times={times.map((at) => at / 1_000)}
      grain="hour"
      timeZone={realtime?.timezone ?? "UTC"}
      series={[
        { label: "Spend", values: times.map((at) => costs.get(at) ?? 0), colour: "--series-1", kind: "bars" },
      ]}
      marks={marks}
      show={usd}
      heightPx={HEIGHT_PX}
    />
  );
}

function useMarks(): ChartMark[] {
  const issued = useResource("/api/directives?limit=50", directives, MARKS_EVERY_MS);
  const opened = useResource("/api/alerts?limit=50", alerts, MARKS_EVERY_MS);
  const orders = [...(issued.data?.active ?? []), ...(issued.data?.past ?? [])];
  return [
    ...orders.map((one) => ({ at: one.issuedAt / 1_000, label: nameOfKind(one) })),
    ...(opened.data?.alerts ?? []).map(({ openedAt, message }) => ({ at: openedAt / 1_000, label: message })),
  ];
}
