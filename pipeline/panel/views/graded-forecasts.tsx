import { useState } from "preact/hooks";
import { forecastGrades, type Grade, type GradedDay } from "../data/shapes/outlook.ts";
import { useResource } from "../data/use-resource.ts";
import { count, percent, signedPercent, usd } from "../format.ts";
import { Card } from "../parts/card.tsx";
import { Chart, type ChartSeries } from "../parts/chart.tsx";
import { Known } from "../parts/known.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { secondsOfDay } from "./days.ts";
import { nameOfSeries } from "./forecast-names.ts";

const EVERY_MS = 60_000;
const AHEAD = [1, 7, 30] as const;
const BANDS = [{ label: "80 % interval then", upper: 0, lower: 1, opacity: 0.22 }];

interface GradedProps {
  readonly series: string;
  readonly unit: string;
}

/** What was foreseen of days that are over, beside what came. */
export function GradedForecasts({ series, unit }: GradedProps) {
  const [ahead, setAhead] = useState<number>(AHEAD[0]);
  const path = `/api/forecasts/grades?series=${encodeURIComponent(series)}&daysAhead=${ahead}&days=90`;
  const found = useResource(path, forecastGrades, EVERY_MS);
  const show = unit === "usd" ? usd : count;
  return (
    <Card
      title="Past forecasts, graded"
      aside={
        <label htmlFor="grades-ahead">
          Made{" "}
          <select
            id="grades-ahead"
            value={ahead}
            onChange={({ currentTarget }) => setAhead(Number(currentTarget.value))}
          >
            {AHEAD.map((days) => (
              <option key={days} value={days}>
                {aheadInWords(days)}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Loaded from={found}>
        {({ grades, points }) =>
          grades.length === 0 ? (
            <p class="empty">
              No day that was forecast is over yet. From tomorrow on, each forecast is graded by what came.
            </p>
          ) : (
            <>
              <Against points={points} of={nameOfSeries(series)} show={show} />
              <Grades rows={grades} />
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

interface AgainstProps {
  readonly points: readonly GradedDay[];
  readonly of: string;
  readonly show: (value: number) => string;
}

function Against({ points, of, show }: AgainstProps) {
  if (points.length < 2) return <p class="empty">Fewer than two days of such forecasts are over yet.</p>;
  const line = (
    label: string,
    read: (one: GradedDay) => number,
    look: Pick<ChartSeries, "colour" | "kind">,
  ): ChartSeries => ({ label, values: points.map(read), ...look });
  const edge = { colour: "--series-1", kind: "edge" } as const;
  return (
    <Chart
      key={of}
      summary={`${of}: ${points.length} days as they were forecast and as they came`}
      times={points.map(({ date }) => secondsOfDay(date))}
      grain="day"
      timeZone="UTC"
      series={[
        line("80 % above", ({ hi80 }) => hi80, edge),
        line("80 % below", ({ lo80 }) => lo80, edge),
        line("Actual", ({ actual }) => actual, { colour: "--series-2", kind: "line" }),
        line("Forecast", ({ forecast }) => forecast, { colour: "--series-1", kind: "dashed" }),
      ]}
      bands={BANDS}
      show={show}
    />
  );
}

function Grades({ rows }: { rows: readonly Grade[] }) {
  const unknown = "nothing came on those days";
  return (
    <>
      <Table
        caption="Grades of past forecasts"
        rows={rows}
        keyOf={({ daysAhead }) => String(daysAhead)}
        empty=""
        columns={[
          { title: "Made", show: ({ daysAhead }) => aheadInWords(daysAhead) },
          { title: "Days", kind: "number", show: ({ days }) => count(days) },
          {
            title: "Off by",
            kind: "number",
            show: ({ wape }) => <Known text={percent(wape)} why={unknown} />,
          },
          {
            title: "Bias",
            kind: "number",
            show: ({ bias }) => <Known text={signedPercent(bias)} why={unknown} />,
          },
          { title: "Inside 80 %", kind: "number", show: ({ inside80 }) => percent(inside80) },
          { title: "Inside 95 %", kind: "number", show: ({ inside95 }) => percent(inside95) },
        ]}
      />
      <p class="hint">
        Off by: the sum of the errors, as a share of what came. Bias above zero: more was forecast than came.
        Of good intervals, 80 and 95 % of the days are inside.
      </p>
    </>
  );
}

function aheadInWords(days: number): string {
  return days === 1 ? "on the day itself" : `${days} days ahead`;
}
