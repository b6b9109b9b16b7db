import type { Finding, Severity } from "./alert.ts";

/** What the rules of the present look at. Null = not known now. Money in dollars. */
export interface LiveInputs {
  readonly lastHourSpend: number;
  readonly normalHourlySpend: number | null;
  readonly dailySpend: number;
  readonly dailyBudget: number | null;
  readonly targetDailySpend: number | null;
  /** All of the catalog. */
  readonly providers: readonly string[];
  readonly providersDown: readonly string[];
}

/** What the rules of slower things look at. Null = not known now; shares from 0 to 1. */
export interface SlowInputs {
  /** Requests of the last hour, and the median of the same hour on the days before. */
  readonly lastHourRequests: number;
  readonly normalHourlyRequests: number | null;
  readonly newUsersToday: number;
  readonly usersBefore: number;
  readonly targets: readonly TargetResult[];
  readonly books: BookResult | null;
}

export interface TargetResult {
  readonly target: string;
  readonly value: number | null;
  readonly goal: number;
  readonly unit: string;
  readonly met: boolean | null;
}

export interface BookResult {
  readonly agree: boolean;
  /** Nothing was moving while it was counted. */
  readonly settled: boolean;
  readonly missing: number;
  readonly gatewayEvents: number;
  readonly warehouseEvents: number;
}

const COST_SPIKE = 2;
const HEAVY_USAGE = 0.8;
const USAGE_SPIKE = 1.5;
const OVER_TARGET = 2;
const USER_GROWTH = 0.2;
/** Below these numbers a ratio says nothing. */
const MIN_HOUR_SPEND = 0.5;
const MIN_HOUR_REQUESTS = 50;
const MIN_USERS = 50;

/** Spend and providers: what must be known within seconds. Each is true, false or not known. */
export function findLiveAlerts(inputs: LiveInputs): Finding[] {
  return [
    costSpike(inputs),
    heavyUsage(inputs),
    costOverTarget(inputs),
    ...inputs.providers.map((provider) => providerDown(provider, inputs)),
  ];
}

/** Usage, growth, targets and the books. */
export function findSlowAlerts(inputs: SlowInputs): Finding[] {
  return [
    usageSpike(inputs),
    userGrowth(inputs),
    ...inputs.targets.map(targetMissed),
    ...booksDisagree(inputs),
  ];
}

/** A rule of the automation, and why its condition could not be computed; null: it could. */
export interface EvaluatedRule {
  readonly name: string;
  readonly problem: string | null;
}

export const RULE_FAILED = "rule-failed";

/** Rules that decide nothing because they cannot be evaluated. */
export function findFailedRules(rules: readonly EvaluatedRule[]): Finding[] {
  return rules.map(({ name, problem }) => ({
    kind: RULE_FAILED,
    subject: name,
    severity: "warning",
    holds: problem !== null,
    message: `rule ${name} decides nothing, because its condition cannot be evaluated: ${problem ?? ""}`,
    details: { rule: name, problem },
  }));
}

function costSpike({ lastHourSpend, normalHourlySpend }: LiveInputs): Finding {
  const holds =
    normalHourlySpend === null
      ? null
      : lastHourSpend > COST_SPIKE * normalHourlySpend && lastHourSpend >= MIN_HOUR_SPEND;
  const message = `the last hour cost ${usd(lastHourSpend)}, more than ${COST_SPIKE} times the normal ${usd(normalHourlySpend)}`;
  return finding("cost-spike", {
    holds,
    severity: "critical",
    message,
    details: { lastHourSpend, normalHourlySpend },
  });
}

function heavyUsage({ dailySpend, dailyBudget }: LiveInputs): Finding {
  const holds = dailyBudget === null || dailyBudget === 0 ? null : dailySpend > HEAVY_USAGE * dailyBudget;
  const message = `today has cost ${usd(dailySpend)}, more than ${HEAVY_USAGE * 100} % of the daily budget of ${usd(dailyBudget)}`;
  return finding("heavy-usage", {
    holds,
    severity: "warning",
    message,
    details: { dailySpend, dailyBudget },
  });
}

function costOverTarget({ dailySpend, targetDailySpend }: LiveInputs): Finding {
  const known = targetDailySpend !== null && targetDailySpend > 0;
  const holds = known ? dailySpend > OVER_TARGET * targetDailySpend : null;
  const message = `today has cost ${usd(dailySpend)}, more than ${OVER_TARGET} times the target of ${usd(targetDailySpend)}`;
  return finding("cost-over-target", {
    holds,
    severity: "critical",
    message,
    details: { dailySpend, targetDailySpend },
  });
}

function usageSpike({ lastHourRequests, normalHourlyRequests }: SlowInputs): Finding {
  const holds =
    normalHourlyRequests === null
      ? null
      : lastHourRequests > USAGE_SPIKE * normalHourlyRequests && lastHourRequests >= MIN_HOUR_REQUESTS;
  const message = `${lastHourRequests} requests in the last hour, more than ${USAGE_SPIKE} times the normal ${Math.round(normalHourlyRequests ?? 0)}`;
  return finding("usage-spike", {
    holds,
    severity: "warning",
    message,
    details: { lastHourRequests, normalHourlyRequests },
  });
}

function userGrowth({ newUsersToday, usersBefore }: SlowInputs): Finding {
  const holds = usersBefore < MIN_USERS ? null : newUsersToday > USER_GROWTH * usersBefore;
  const message = `${newUsersToday} new users today on top of ${usersBefore}: more than ${USER_GROWTH * 100} % in a day`;
  return finding("user-growth", {
    holds,
    severity: "info",
    message,
    details: { newUsersToday, usersBefore },
  });
}

function providerDown(provider: string, { providersDown }: LiveInputs): Finding {
  const message = `provider ${provider} fails: a gateway has stopped calling it, or under half of its calls in the last 5 minutes went well`;
  const holds = providersDown.includes(provider);
  return {
    ...finding("provider-down", { holds, severity: "critical", message, details: {} }),
    subject: provider,
  };
}

function targetMissed({ target, value, goal, unit, met }: TargetResult): Finding {
  const shown = value === null ? "not known" : inWords(value, unit);
  const message = `${target.replaceAll("-", " ")} was ${shown} over the last 30 days; the target is ${inWords(goal, unit)}`;
  const holds = met === null ? null : !met;
  const found = finding("target-missed", {
    holds,
    severity: "warning",
    message,
    details: { value, goal, unit },
  });
  return { ...found, subject: target };
}

function inWords(value: number, unit: string): string {
  if (unit === "share") return `${Number((value * 100).toPrecision(4))} %`;
  if (unit === "ms" && value >= 1_000) return `${Number((value / 1_000).toPrecision(3))} s`;
  const rounded = Number(value.toPrecision(4));
  return unit === "usd" ? `$${rounded.toFixed(2)}` : `${rounded} ${unit}`;
}

/** Books that are not settled may differ for a moment; what is missing is missing all the same. */
function booksDisagree({ books }: SlowInputs): Finding[] {
  if (books === null) return [];
  const { agree, settled, missing, gatewayEvents, warehouseEvents } = books;
  const holds = missing > 0 || (settled && !agree) ? true : settled ? false : null;
  const message = `gateways recorded ${gatewayEvents} requests, the warehouse has ${warehouseEvents}; ${missing} are missing`;
  return [
    finding("books-disagree", {
      holds,
      severity: "critical",
      message,
      details: { gatewayEvents, warehouseEvents, missing },
    }),
  ];
}

interface Found {
  readonly holds: boolean | null;
  readonly severity: Severity;
  readonly message: string;
  readonly details: Finding["details"];
}

function finding(kind: string, found: Found): Finding {
  return { kind, subject: "", ...found };
}

function usd(amount: number | null): string {
  return amount === null ? "(not known)" : `$${amount.toFixed(2)}`;
}
