import { nameInWords } from "./words.ts";

/** The scenario that the other numbers are measured against. */
export const EXPECTED = "expected";
/** Not of days: the spend from now to midnight. */
export const REST_OF_DAY = "rest_of_day_spend";

const MEASURES: Readonly<Record<string, string>> = {
  daily_spend: "Spend",
  daily_requests: "Requests",
  daily_active_users: "Active users",
};

interface SeriesName {
  readonly measure: string;
  /** `tier`, `provider`, `feature`; empty: the whole. */
  readonly by: string;
  readonly of: string;
}

/** `daily_spend:tier=free` in its parts. */
export function partsOf(series: string): SeriesName {
  const [measure = "", part = ""] = series.split(":");
  const [by = "", of = ""] = part.split("=");
  return { measure, by, of };
}

export function nameOfSeries(series: string): string {
  const { measure, by, of } = partsOf(series);
  const name = MEASURES[measure] ?? nameInWords(measure);
  return by === "" ? name : `${name}, ${by} ${of}`;
}
