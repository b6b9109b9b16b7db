import { jobs, reconciliation, sinkLag } from "../data/shapes/metrics.ts";
import { useLiveContext } from "../data/use-live.ts";
import { useResource } from "../data/use-resource.ts";
import { duration, usd } from "../format.ts";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { When } from "../parts/when.tsx";

const EVERY_MS = 3_000;
const JOBS_EVERY_MS = 10_000;
const NANO = 1e9;
const exact = (value: number): string => value.toLocaleString("en-US");

/** Can the numbers be trusted, and how old are they? */
export function Reconciliation() {
  const counted = useResource("/api/metrics/reconciliation", reconciliation, EVERY_MS);
  const timetable = useResource("/api/jobs?limit=1", jobs, JOBS_EVERY_MS);
  return (
    <>
      <Freshness />
      <Card title="Do the books agree?" span={6}>
        <Loaded from={counted}>
          {({ gateway, log, warehouse, lag, missing, deadLetters, agree, settled }) => (
            <>
              <p>
                {agree ? (
                  <Badge tone="good">they agree</Badge>
                ) : settled ? (
                  <Badge tone="critical">they differ</Badge>
                ) : (
                  <Badge tone="neutral">requests are on their way</Badge>
                )}
              </p>
              <Table
                caption="Counts"
                rows={[
                  { name: "Gateways", events: gateway.events, cost: gateway.costNano },
                  { name: "Event log", events: log.events, cost: null },
                  { name: "Warehouse", events: warehouse.distinct, cost: warehouse.costNano },
                ]}
                keyOf={({ name }) => name}
                empty=""
                columns={[
                  { title: "Part", show: ({ name }) => name },
                  { title: "Events", kind: "number", show: ({ events }) => exact(events) },
                  {
                    title: "Cost",
                    kind: "number",
                    show: ({ cost }) => (cost === null ? "does not count money" : usd(cost / NANO)),
                  },
                ]}
              />
              <p class="hint">
                {exact(lag)} on their way, {exact(missing)} missing, {exact(deadLetters)} dead letters,{" "}
                {exact(warehouse.duplicates)} copies counted once.
              </p>
            </>
          )}
        </Loaded>
      </Card>
      <Card title="Jobs">
        <Loaded from={timetable}>
          {(data) => (
            <Table
              caption="Jobs"
              rows={data.jobs}
              keyOf={({ name }) => name}
              empty="No job runs in this process."
              columns={[
                { title: "Job", kind: "short", show: ({ name }) => <strong>{name}</strong> },
                {
                  title: "Last run",
                  kind: "short",
                  show: ({ lastRun }) => (lastRun === null ? "not yet" : <When at={lastRun.finishedAt} />),
                },
                {
                  title: "Result",
                  show: ({ lastRun }) =>
                    lastRun === null ? (
                      ""
                    ) : (
                      <>
                        {lastRun.status === "failed" && <Badge tone="critical">failed</Badge>}{" "}
                        {lastRun.summary}
                      </>
                    ),
                },
              ]}
            />
          )}
        </Loaded>
      </Card>
    </>
  );
}

function Freshness() {
  const { realtime, freshness, ageMs, problem } = useLiveContext();
  return (
    <Card title="How fresh is it?" span={6}>
      <p>
        {freshness === "fresh" ? (
          <Badge tone="good">live</Badge>
        ) : (
          <Badge tone={freshness === "lost" ? "critical" : "warning"}>{freshness}</Badge>
        )}{" "}
        The last numbers came {duration(ageMs)} ago
        {realtime !== null && (
          <>
            , as of <When at={realtime.asOf} />
          </>
        )}
        .
      </p>
      {problem !== null && <p class="problem">{problem}</p>}
      <Lag />
      <p class="hint">Days and hours are those of {realtime?.timezone ?? "an unknown time zone"}.</p>
    </Card>
  );
}

/** What the log holds and the warehouse does not have yet, and where it waits. */
function Lag() {
  const behind = useResource("/api/metrics/lag", sinkLag, EVERY_MS);
  return (
    <Loaded from={behind}>
      {({ lag, topics }) => {
        const [worst] = topics.flatMap(({ partitions }) => partitions).toSorted((a, b) => b.lag - a.lag);
        return (
          <p>
            {lag === 0 || worst === undefined ? (
              "The warehouse has everything that the event log has."
            ) : (
              <>
                The warehouse is {exact(lag)} events behind the log, {exact(worst.lag)} of them in{" "}
                <code>{worst.partition}</code>.
              </>
            )}
          </p>
        );
      }}
    </Loaded>
  );
}
