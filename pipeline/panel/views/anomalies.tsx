import { type Anomaly, anomalies, type Cause } from "../data/shapes/outlook.ts";
import { useLiveContext } from "../data/use-live.ts";
import { useResource } from "../data/use-resource.ts";
import { count, decimal, milliseconds, percent, span, usd, usdFine } from "../format.ts";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";

const EVERY_MS = 30_000;
const SHOWN = 10;
const CAUSES = 3;

/** Hours and days that were not as expected, and what explains them. */
export function Anomalies() {
  const { realtime } = useLiveContext();
  const timeZone = realtime?.timezone ?? "UTC";
  const found = useResource(`/api/anomalies?limit=${SHOWN}`, anomalies, EVERY_MS);
  return (
    <Card title="Anomalies" aside={<span class="hint">hours and days of {timeZone}</span>}>
      <Loaded from={found}>
        {(data) => (
          <>
            <Table
              caption="Anomalies"
              rows={[...data.anomalies].sort((a, b) => Number(b.isOpen) - Number(a.isOpen))}
              keyOf={({ metric, part, grain, fromMs }) => `${metric} ${part} ${grain} ${fromMs}`}
              empty="None: every hour and day so far was as those before it. Three days of history are needed to judge."
              columns={[
                { title: "What", show: (one) => <What {...one} /> },
                { title: "When", show: (one) => span(one, timeZone) },
                { title: "Was", kind: "number", show: ({ metric, actual }) => shown(metric, actual) },
                {
                  title: "Expected",
                  kind: "number",
                  show: ({ metric, expected }) => shown(metric, expected),
                },
                { title: "What explains it", show: ({ causes }) => <Causes causes={causes} /> },
              ]}
            />
            {data.anomalies.length === SHOWN && <p class="hint">The latest {SHOWN} are shown.</p>}
          </>
        )}
      </Loaded>
    </Card>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  spend: "Spend",
  "request-cost": "Cost of a request",
  requests: "Requests",
  "active-users": "Active users",
  "new-users": "New users",
  "error-rate": "Error rate",
  latency: "Latency",
  rating: "Mean rating",
};

function What({ metric, part, isOpen, grain, actual, expected }: Anomaly) {
  const direction = actual > expected ? "high" : "low";
  return (
    <>
      <strong>{NAMES[metric] ?? metric}</strong> {isOpen && <Badge tone="warning">open</Badge>}
      <span class="second-line">
        {direction}, by the {grain}
        {part === "" ? "" : `, ${partInWords(part)}`}
      </span>
    </>
  );
}

function Causes({ causes }: { causes: readonly Cause[] }) {
  if (causes.length === 0) return <span class="unknown">unknown: no part of it stands out</span>;
  return (
    <ul class="lines">
      {causes.slice(0, CAUSES).map(({ name, explained, ratio }) => (
        <li key={name}>
          {partInWords(name)} ({ratio === null ? "new" : `× ${times(ratio)}`})
          <span class="hint"> explains {percent(explained)}</span>
        </li>
      ))}
    </ul>
  );
}

function times(ratio: number): string {
  return ratio >= 10 ? count(ratio) : ratio.toFixed(ratio >= 1 ? 1 : 2);
}

/** `provider=gpt-4o`, `provider=none`, `tokens-per-request` as `provider gpt-4o`, `no provider`, `tokens per request`. */
function partInWords(part: string): string {
  const [dimension = "", value] = part.split("=");
  if (value === "none") return `no ${dimension}`;
  return value === undefined ? dimension.replace(/-/g, " ") : `${dimension} ${value}`;
}

function shown(metric: string, value: number): string {
  switch (metric) {
    case "spend":
      return usd(value);
    case "request-cost":
      return usdFine(value);
    case "error-rate":
      return percent(value);
    case "latency":
      return milliseconds(value);
    case "rating":
      return decimal(value);
    default:
      return count(value);
  }
}
