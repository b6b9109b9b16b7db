import Table from "cli-table3";
import { formatUsd } from "../../models/domain/money.ts";
import type { Account, Charge, Usage } from "./account.ts";

/** For people. */
export function renderAccount({ usage, charges, totals }: Account): string {
  const shown =
    charges.length === 0 ? "No charge is in the warehouse." : chargeTable(charges, usage.timezone);
  return [
    `User ${usage.user}, tier ${usage.tier}; days begin at midnight in ${usage.timezone}, today on ${usage.lastResetDate}.`,
    "",
    limitTable(usage),
    "",
    `In the warehouse: ${totals.requests} requests for $${formatUsd(totals.costNano)} (today $${formatUsd(totals.todayNano)}, ` +
      `this week $${formatUsd(totals.weekNano)}, this month $${formatUsd(totals.monthNano)}), and ${totals.denied} denied.`,
    "",
    shown,
  ].join("\n");
}

function limitTable({ scopes, ...counted }: Usage): string {
  const table = plainTable(["", "used", "reserved", "limit", "requests", "resets"]);
  const requests = {
    day: counted.dailyRequestsUsed,
    week: counted.weeklyRequestsUsed,
    month: counted.monthlyRequestsUsed,
  };
  for (const name of ["day", "week", "month"] as const) {
    const { unit, used, reserved, limit, resetsAt } = scopes[name];
    const amount = (value: number) => (unit === "usd" ? `$${trimmed(value)}` : `${value} requests`);
    const most = limit === null ? "no limit" : amount(limit);
    table.push([name, amount(used), amount(reserved), most, requests[name], resetsAt]);
  }
  return table.toString();
}

function chargeTable(charges: readonly Charge[], timezone: string): string {
  const table = plainTable([
    `time (${timezone})`,
    "request",
    "provider",
    "tokens in",
    "cached",
    "out",
    "cost",
    "outcome",
  ]);
  const time = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  for (const one of charges) {
    table.push([
      time.format(one.ts),
      one.requestId,
      one.provider,
      one.inputTokens,
      one.cachedInputTokens,
      one.outputTokens,
      `$${formatUsd(one.costNano)}`,
      outcomeOf(one),
    ]);
  }
  return table.toString();
}

function outcomeOf({ outcome, reason, attempts }: Charge): string {
  const tries = attempts > 1 ? ` after ${attempts} attempts` : "";
  return reason === "" ? outcome + tries : `${outcome}: ${reason}${tries}`;
}

/** Nano-dollars are the last digits that mean anything. */
function trimmed(usd: number): string {
  return usd.toFixed(9).replace(/0{1,7}$/, "");
}

function plainTable(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [] } });
}
