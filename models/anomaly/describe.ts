import { NANO_PER_USD } from "../domain/money.ts";
import type { Explanation } from "./explain.ts";
import type { Anomaly, WatchedMetric } from "./watch.ts";

/** Explanations that a sentence names. */
const NAMED = 2;

const NAMES: Readonly<Record<WatchedMetric, string>> = {
  spend: "spend",
  "request-cost": "the cost of a request",
  requests: "requests",
  "active-users": "active users",
  "new-users": "new users",
  "error-rate": "the error rate",
  latency: "the latency",
  rating: "the mean rating",
};

/** One sentence for people: what, when, how far from the expected, and why. */
export function describe(anomaly: Anomaly, explanations: readonly Explanation[]): string {
  const { metric, grain, part, fromMs, actual, expected } = anomaly;
  const of = part === "" ? "" : ` of ${part}`;
  const when = new Date(fromMs).toISOString().slice(0, grain === "hour" ? 16 : 10);
  const what = `${NAMES[metric]}${of} was ${shown(metric, actual)} in the ${grain} from ${when}${grain === "hour" ? "Z" : ""}`;
  const but = `${shown(metric, expected)} was expected`;
  const because = part === "" ? explanations.slice(0, NAMED).map(wordsOf).join(", ") : "";
  return because === "" ? `${what}; ${but}` : `${what}; ${but}: ${because}`;
}

function wordsOf({ name, explained, ratio }: Explanation): string {
  const times = ratio === null ? "new" : `x ${digits(ratio)}`;
  return `${name} (${times}) explains ${Math.round(explained * 100)} %`;
}

function shown(metric: WatchedMetric, value: number): string {
  switch (metric) {
    case "spend":
      return `$${(value / NANO_PER_USD).toFixed(2)}`;
    case "request-cost":
      return `$${digits(value / NANO_PER_USD)}`;
    case "error-rate":
      return `${digits(value * 100)} %`;
    case "latency":
      return `${Math.round(value)} ms`;
    default:
      return digits(value);
  }
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
