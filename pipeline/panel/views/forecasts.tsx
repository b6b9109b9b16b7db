import { useState } from "preact/hooks";
import { type Forecast, forecasts } from "../data/shapes/automation.ts";
import { useResource } from "../data/use-resource.ts";
import { count, percent, usd } from "../format.ts";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { Fan } from "./fan.tsx";
import { EXPECTED, nameOfSeries, REST_OF_DAY } from "./forecast-names.ts";
import { GradedForecasts } from "./graded-forecasts.tsx";
import { Outlook } from "./outlook.tsx";
import { Recommendations } from "./recommendations.tsx";

const EVERY_MS = 60_000;

export function Forecasts() {
  const made = useResource("/api/forecasts", forecasts, EVERY_MS);
  return (
    <>
      <Loaded from={made}>
        {({ forecasts: all }) => (
          <div class="grid">
            <Outlook all={all} />
            <Days all={all.filter(({ series }) => series !== REST_OF_DAY)} />
          </div>
        )}
      </Loaded>
      <Recommendations />
    </>
  );
}

function Days({ all }: { all: readonly Forecast[] }) {
  return all.length === 0 ? (
    <Card title="Forecast">
      <p class="empty">
        There is not enough history to forecast from yet: some weeks of requests are needed. A forecast is
        made by itself once they are there.
      </p>
    </Card>
  ) : (
    <Chosen all={all} />
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
    <>
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
      <GradedForecasts series={chosen} unit={expected.unit} />
    </>
  );
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
      {rows.map(({ scenario, note }) => note !== "" && <p key={scenario}>{note}</p>)}
      <p class="hint">
        Error on the past: the sum of what earlier days were missed by, as a share of what they were.
      </p>
    </>
  );
}
