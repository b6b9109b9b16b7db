import { useState } from "preact/hooks";
import { type Forecast, forecasts } from "../data/shapes/automation.ts";
import { useResource } from "../data/use-resource.ts";
import { count, percent, usd } from "../format.ts";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { Fan } from "./fan.tsx";
import { partsOf } from "./forecast-history.ts";

const EVERY_MS = 60_000;
const EXPECTED = "expected";

export function Forecasts() {
  const made = useResource("/api/forecasts", forecasts, EVERY_MS);
  return (
    <Loaded from={made}>
      {({ forecasts: all }) =>
        all.length === 0 ? (
          <Card title="Forecast">
            <p class="empty">
              There is not enough history to forecast from yet: some weeks of requests are needed. A forecast
              is made by itself once they are there.
            </p>
          </Card>
        ) : (
          <Chosen all={all} />
        )
      }
    </Loaded>
  );
}

function Chosen({ all }: { all: readonly Forecast[] }) {
  const [series, setSeries] = useState("");
  const [hasScenarios, setHasScenarios] = useState(false);
  const names = [...new Set(all.map((one) => one.series))];
  const chosen = names.includes(series) ? series : (names[0] ?? "");
  const scenarios = all.filter((one) => one.series === chosen);
  const expected = scenarios.find(({ scenario }) => scenario === EXPECTED) ?? scenarios[0];
  if (expected === undefined) return null;
  const others = scenarios.filter((one) => one !== expected);
  return (
    <div class="grid">
      <Card
        title={`${nameOfSeries(chosen)}, by day`}
        aside={
          <span class="buttons">
            {others.length > 0 && (
              <label class="check" htmlFor="forecast-scenarios">
                <input
                  id="forecast-scenarios"
                  type="checkbox"
                  checked={hasScenarios}
                  onChange={({ currentTarget }) => setHasScenarios(currentTarget.checked)}
                />
                Scenarios
              </label>
            )}
            <label htmlFor="forecast-series">
              Series{" "}
              <select
                id="forecast-series"
                value={chosen}
                onChange={({ currentTarget }) => setSeries(currentTarget.value)}
              >
                {names.map((name) => (
                  <option key={name} value={name}>
                    {nameOfSeries(name)}
                  </option>
                ))}
              </select>
            </label>
          </span>
        }
      >
        <Fan forecast={expected} scenarios={hasScenarios ? others : []} />
      </Card>
      <Card title="Scenarios">
        <Totals rows={scenarios} />
      </Card>
    </div>
  );
}

const MEASURES: Readonly<Record<string, string>> = {
  daily_spend: "Spend",
  daily_requests: "Requests",
  daily_active_users: "Active users",
};

function nameOfSeries(series: string): string {
  const { measure, by, of } = partsOf(series);
  const name = MEASURES[measure] ?? measure;
  return by === "" ? name : `${name}, ${by} ${of}`;
}

const SCENARIOS: Readonly<Record<string, string>> = {
  expected: "the weighted models as they are",
  conservative: "growth goes on at its current rate",
  optimistic: "growth is 50 % higher",
  pessimistic: "growth is 25 % lower",
};

function Totals({ rows }: { rows: readonly Forecast[] }) {
  const show = rows[0]?.unit === "usd" ? usd : count;
  return (
    <>
      <Table
        caption="Totals by scenario"
        rows={rows}
        keyOf={({ scenario }) => scenario}
        empty="None."
        columns={[
          {
            title: "Scenario",
            show: ({ scenario }) => (
              <>
                <strong>{scenario}</strong>
                <span class="second-line">{SCENARIOS[scenario] ?? ""}</span>
              </>
            ),
          },
          { title: "Next 7 days", kind: "number", show: ({ totals }) => show(totals.nextWeek) },
          { title: "Next 30 days", kind: "number", show: ({ totals }) => show(totals.nextMonth) },
          { title: "Next 90 days", kind: "number", show: ({ totals }) => show(totals.nextQuarter) },
          { title: "Error on the past", kind: "number", show: ({ backtest }) => percent(backtest.wape) },
        ]}
      />
      <p class="hint">
        Error on the past: the sum of what earlier days were missed by, as a share of what they were.
      </p>
    </>
  );
}
