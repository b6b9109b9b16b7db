import { findCauses, type PartDifference } from "./cause.ts";
import { type Driver, type Factor, findDrivers } from "./drivers.ts";
import type { Anomaly } from "./watch.ts";

/** What explains an anomaly: a part (`provider=gpt-4o`), or what drives the total (`tokens-per-request`). */
export interface Explanation {
  readonly name: string;
  /** Of the difference; above 1 when others went the other way. */
  readonly explained: number;
  /** actual / expected of it; null where nothing was expected. */
  readonly ratio: number | null;
}

/** Sums over one part, or over everything. */
export interface PartSums {
  readonly dimension: string;
  readonly part: string;
  readonly users: number;
  readonly requests: number;
  readonly spend: number;
  readonly served: number;
  readonly failed: number;
  readonly answers: number;
  /** Milliseconds of all answers. */
  readonly latency: number;
  readonly tokens: number;
}

/** What happened in a while, and in a usual one; the dimension `total` holds everything. */
export interface Comparison {
  readonly now: readonly PartSums[];
  readonly usual: readonly PartSums[];
}

/** A part is the cause before anything else when it explains that much and its share has moved that much (bits). */
const PART_EXPLAINS = 0.7;
const PART_SURPRISE = 0.015;
const DRIVER_EXPLAINS = 0.3;
/** A part is no cause where everything else is driven the same way at least that much (of the logarithm of the ratio). */
const DRIVES_REST_TOO = 0.5;
/** What can be told of everything but a part: users of one part are users of others, too. */
const ADDITIVE_DRIVERS = ["tokens-per-request", "cost-per-token"];
export const MAX_EXPLANATIONS = 5;

/** What explains an anomaly, the best explanation first: a part that stands out, else what drives the whole, else parts. */
export function explain(anomaly: Anomaly, { now, usual }: Comparison): Explanation[] {
  if (anomaly.part !== "") {
    const ratio = anomaly.expected === 0 ? null : anomaly.actual / anomaly.expected;
    return [{ name: anomaly.part, explained: 1, ratio }];
  }
  const parts = partDifferences(anomaly, { now, usual });
  const ratios = new Map(
    parts.map(({ dimension, part, actual, expected }) => [
      `${dimension}=${part}`,
      expected === 0 ? null : actual / expected,
    ]),
  );
  const drivers = findDrivers(factorsOf(anomaly, totalOf(now), totalOf(usual))).filter(
    ({ explained }) => explained >= DRIVER_EXPLAINS,
  );
  const causes = findCauses(parts).map(({ dimension, part, explained, surprise }) => {
    const name = `${dimension}=${part}`;
    const rest = { now: without(now, name), usual: without(usual, name) };
    const isLarge = explained >= PART_EXPLAINS && surprise >= PART_SURPRISE;
    const standsOut = isLarge && !drivesRest(anomaly, drivers[0], rest);
    return { name, explained, ratio: ratios.get(name) ?? null, standsOut };
  });
  return [
    ...causes.filter(({ standsOut }) => standsOut),
    ...drivers,
    ...causes.filter(({ standsOut }) => !standsOut),
  ]
    .slice(0, MAX_EXPLANATIONS)
    .map(({ name, explained, ratio }) => ({ name, explained, ratio }));
}

/** Whether what drives the whole drives everything but the part as well. */
function drivesRest(
  anomaly: Anomaly,
  main: Driver | undefined,
  { now, usual }: { readonly now: PartSums; readonly usual: PartSums },
): boolean {
  if (main === undefined || !ADDITIVE_DRIVERS.includes(main.name)) return false;
  const same = findDrivers(factorsOf(anomaly, now, usual)).find(({ name }) => name === main.name);
  return same !== undefined && Math.log(same.ratio) / Math.log(main.ratio) >= DRIVES_REST_TOO;
}

/** Everything but a part. */
function without(sums: readonly PartSums[], name: string): PartSums {
  const whole = totalOf(sums);
  const one = sums.find((other) => `${other.dimension}=${shownPart(other)}` === name) ?? NOTHING;
  return {
    ...whole,
    requests: whole.requests - one.requests,
    spend: whole.spend - one.spend,
    tokens: whole.tokens - one.tokens,
  };
}

function shownPart({ part }: Pick<PartSums, "part">): string {
  return part === "" ? "none" : part;
}

function partDifferences({ metric }: Anomaly, { now, usual }: Comparison): PartDifference[] {
  const whole = totalOf(usual);
  const keys = new Map([...usual, ...now].map((one) => [keyOf(one), one]));
  const nowBy = new Map(now.map((one) => [keyOf(one), one]));
  const usualBy = new Map(usual.map((one) => [keyOf(one), one]));
  return [...keys]
    .filter(([, { dimension }]) => dimension !== "total")
    .map(([key, { dimension, part }]) => {
      const here = nowBy.get(key) ?? NOTHING;
      const before = usualBy.get(key) ?? NOTHING;
      return {
        dimension,
        part: shownPart({ part }),
        ...differenceIn(metric, { here, before, whole }),
      };
    });
}

interface Sides {
  readonly here: PartSums;
  readonly before: PartSums;
  /** Everything, in a usual while. */
  readonly whole: PartSums;
}

/** Rates are compared by what they would have been at the volume of now, so that a part's volume is no cause of them. */
function differenceIn(
  metric: Anomaly["metric"],
  { here, before, whole }: Sides,
): Pick<PartDifference, "actual" | "expected"> {
  switch (metric) {
    case "spend":
      return { actual: here.spend, expected: before.spend };
    case "request-cost":
      return { actual: here.spend, expected: here.answers * rate(before, whole, "spend") };
    case "latency":
      return { actual: here.latency, expected: here.answers * rate(before, whole, "latency") };
    case "error-rate":
      return {
        actual: here.failed,
        expected: whole.served === 0 ? 0 : (here.served * whole.failed) / whole.served,
      };
    case "active-users":
    case "new-users":
      return { actual: here.users, expected: before.users };
    default:
      return { actual: here.requests, expected: before.requests };
  }
}

/** Of an answer of the part; of everything where the part is new. */
function rate(before: PartSums, whole: PartSums, of: "spend" | "latency"): number {
  const known = before.answers > 0 ? before : whole;
  return known.answers === 0 ? 0 : known[of] / known.answers;
}

function factorsOf({ metric }: Anomaly, now: PartSums, usual: PartSums): Factor[] {
  const factor = (name: string, of: (sums: PartSums) => number): Factor => ({
    name,
    actual: of(now),
    expected: of(usual),
  });
  const users = factor("users", (sums) => sums.users);
  const frequency = factor("requests-per-user", ({ requests, users: n }) => requests / n);
  const tokens = factor("tokens-per-request", ({ tokens: n, requests }) => n / requests);
  const price = factor("cost-per-token", ({ spend, tokens: n }) => spend / n);
  if (metric === "spend") return [users, frequency, tokens, price];
  if (metric === "request-cost") return [tokens, price];
  return metric === "requests" ? [users, frequency] : [];
}

const NOTHING: PartSums = {
  dimension: "",
  part: "",
  users: 0,
  requests: 0,
  spend: 0,
  served: 0,
  failed: 0,
  answers: 0,
  latency: 0,
  tokens: 0,
};

function totalOf(sums: readonly PartSums[]): PartSums {
  return sums.find(({ dimension }) => dimension === "total") ?? NOTHING;
}

function keyOf({ dimension, part }: PartSums): string {
  return `${dimension}=${part}`;
}
