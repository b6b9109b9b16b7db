import { type CacheRow, cacheMetrics } from "../data/shapes/metrics.ts";
import { useResource } from "../data/use-resource.ts";
import { count, milliseconds, percent, usd } from "../format.ts";
import { Card } from "../parts/card.tsx";
import { Chart } from "../parts/chart.tsx";
import { Figure } from "../parts/figure.tsx";
import { Known } from "../parts/known.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { secondsOfDay } from "./days.ts";

const EVERY_MS = 10_000;
const DAYS_EVERY_MS = 60_000;

export function Cache() {
  const found = useResource("/api/metrics/cache?grain=total", cacheMetrics, EVERY_MS);
  const daily = useResource("/api/metrics/cache?grain=day", cacheMetrics, DAYS_EVERY_MS);
  return (
    <>
      <Loaded from={found}>
        {({ tables }) => <CacheFigures total={tables.features.find(({ feature }) => feature === "")} />}
      </Loaded>
      <Card title="Hit rate by day">
        <Loaded from={daily}>
          {({ tables }) => <HitRate days={tables.features.filter(({ feature }) => feature === "")} />}
        </Loaded>
      </Card>
      <Card title="By feature, last 30 days">
        <Loaded from={found}>
          {({ tables }) => <Features rows={tables.features.filter(({ feature }) => feature !== "")} />}
        </Loaded>
      </Card>
    </>
  );
}

function CacheFigures({ total }: { total: CacheRow | undefined }) {
  return (
    <ul class="figures figures-4" aria-label="Cache, last 30 days">
      <Figure
        name="hitRate"
        title="Hit rate"
        value={percent(total?.hitRate)}
        hint={
          total === undefined
            ? "no cacheable request in 30 days"
            : `${count(total.hits)} of ${count(total.cacheable)} cacheable requests`
        }
      />
      <Figure
        name="saved"
        title="Saved"
        value={usd(total?.saved ?? (total === undefined ? 0 : null))}
        hint="what the avoided calls would have cost"
      />
      <Figure
        name="improvementMs"
        title="Faster by"
        value={milliseconds(total?.improvementMs)}
        hint="median of a miss less that of a hit"
      />
      <Figure
        name="hits"
        title="Answers from the cache"
        value={count(total?.hits ?? 0)}
        hint="last 30 days"
      />
    </ul>
  );
}

function HitRate({ days }: { days: readonly CacheRow[] }) {
  if (days.length < 2) return <p class="empty">This fills after two days with cacheable requests.</p>;
  return (
    <Chart
      summary="Share of cacheable requests that the cache answered, by day"
      times={days.map(({ period }) => secondsOfDay(period))}
      grain="day"
      timeZone="UTC"
      series={[
        {
          label: "Hit rate",
          values: days.map(({ hitRate }) => hitRate),
          colour: "--series-1",
          kind: "line",
        },
      ]}
      show={percent}
    />
  );
}

function Features({ rows }: { rows: readonly CacheRow[] }) {
  const unknown = "no hit or no miss to measure";
  return (
    <Table
      caption="Cache by feature"
      rows={rows}
      keyOf={({ feature }) => feature}
      empty="No cacheable request yet. The catalog's features say what may be cached."
      columns={[
        { title: "Feature", show: ({ feature }) => <strong>{feature}</strong> },
        { title: "Cacheable", kind: "number", show: ({ cacheable }) => count(cacheable) },
        { title: "Hits", kind: "number", show: ({ hits }) => count(hits) },
        { title: "Hit rate", kind: "number", show: ({ hitRate }) => percent(hitRate) },
        { title: "Saved", kind: "number", show: ({ saved }) => usd(saved) },
        {
          title: "Median hit",
          kind: "number",
          show: ({ medianHitMs }) => <Known text={milliseconds(medianHitMs)} why={unknown} />,
        },
        {
          title: "Median miss",
          kind: "number",
          show: ({ medianMissMs }) => <Known text={milliseconds(medianMissMs)} why={unknown} />,
        },
      ]}
    />
  );
}
