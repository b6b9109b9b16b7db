import type * as z from "zod/mini";
import type { Forecast } from "../data/shapes/automation.ts";
import { business, forecastGrades } from "../data/shapes/outlook.ts";
import { type Resource, useResource } from "../data/use-resource.ts";
import { day, percent, UNKNOWN, usd } from "../format.ts";
import { Figure, type FigureProps } from "../parts/figure.tsx";
import { When } from "../parts/when.tsx";
import { EXPECTED, REST_OF_DAY } from "./forecast-names.ts";

const EVERY_MS = 60_000;
const HORIZON = "within 365 days";

/** Where the money goes from here, in four numbers. */
export function Outlook({ all }: { all: readonly Forecast[] }) {
  const earned = useResource("/api/metrics/business?grain=total", business, EVERY_MS);
  const graded = useResource("/api/forecasts/grades?series=daily_spend", forecastGrades, EVERY_MS);
  const sameDay = graded.data?.grades.find(({ daysAhead }) => daysAhead === 1);
  return (
    <ul class="figures figures-4 span-12" aria-label="Outlook">
      <RestOfToday forecast={all.find(({ series }) => series === REST_OF_DAY)} />
      <Figure {...nextMonth(all)} />
      <Figure {...breakEven(earned)} />
      <Figure
        name="gradedError"
        title="Past forecasts of a day"
        value={sameDay === undefined ? UNKNOWN : `off by ${percent(sameDay.wape)}`}
        hint={
          sameDay === undefined
            ? why(graded, "no day that was forecast is over yet")
            : `${percent(sameDay.inside80)} of ${sameDay.days} days inside the 80 % interval`
        }
      />
    </ul>
  );
}

/** The spend from when it was worked out to midnight. */
function RestOfToday({ forecast }: { forecast: Forecast | undefined }) {
  const point = forecast?.points[0];
  return (
    <Figure
      name="restOfToday"
      title="Still to come today"
      value={usd(point?.point)}
      hint={
        forecast === undefined || point === undefined ? (
          "needs three days of history"
        ) : (
          <>
            80 %: {usd(point.lo80)} to {usd(point.hi80)}, as of <When at={forecast.madeAt} />
          </>
        )
      }
    />
  );
}

function nextMonth(all: readonly Forecast[]): FigureProps {
  const months = all
    .filter(({ series }) => series === "daily_spend")
    .flatMap(({ scenario, totals }) =>
      totals.nextMonth === null ? [] : [{ scenario, total: totals.nextMonth }],
    );
  const totals = months.map(({ total }) => total);
  return {
    name: "nextMonth",
    title: "Spend of the next 30 days",
    value: usd(months.find(({ scenario }) => scenario === EXPECTED)?.total),
    hint:
      totals.length < 2
        ? "needs some weeks of history"
        : `scenarios: ${usd(Math.min(...totals))} to ${usd(Math.max(...totals))}`,
  };
}

/** The day on which revenue covers the costs for good. */
function breakEven(earned: Resource<z.output<typeof business>>): FigureProps {
  const named = { name: "breakEven", title: "Break-even" };
  const { data, error } = earned;
  if (data === null) return { ...named, value: UNKNOWN, hint: error ?? "being read" };
  const found = data.tables.breakEven[0];
  if (found === undefined || found.state === "unknown")
    return { ...named, value: "not enough history", hint: "" };
  const { earliest, latest, reason } = found;
  const sentence = `${reason[0]?.toUpperCase() ?? ""}${reason.slice(1)}.`;
  if (found.state === "reached" && found.day !== null) {
    return { ...named, value: `since ${day(found.day)}`, hint: sentence };
  }
  return {
    ...named,
    value: found.day === null ? `not ${HORIZON}` : day(found.day),
    hint: `80 %: ${intervalInWords(earliest, latest)}. ${sentence}`,
  };
}

/** Why a number is unknown: it is on its way, could not be read, or is not there. */
function why({ data, error }: Resource<unknown>, isMissing: string): string {
  return error ?? (data === null ? "being read" : isMissing);
}

function intervalInWords(earliest: string | null, latest: string | null): string {
  if (earliest === null) return `not ${HORIZON}`;
  if (earliest === latest) return "that same day";
  return latest === null
    ? `${day(earliest)} at best, at worst not ${HORIZON}`
    : `${day(earliest)} to ${day(latest)}`;
}
