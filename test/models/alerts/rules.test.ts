import { expect, it } from "vitest";
import {
  findLiveAlerts,
  findSlowAlerts,
  type LiveInputs,
  type SlowInputs,
} from "../../../models/alerts/rules.ts";

type Inputs = LiveInputs & SlowInputs;

const quiet: Inputs = {
  lastHourSpend: 1,
  normalHourlySpend: 1,
  dailySpend: 10,
  dailyBudget: 200,
  targetDailySpend: 100,
  providers: ["gpt-4o", "fallback"],
  providersDown: [],
  lastHourRequests: 100,
  normalHourlyRequests: 100,
  newUsersToday: 2,
  usersBefore: 100,
  targets: [{ target: "uptime", value: 0.999, goal: 0.995, unit: "share", met: true }],
  books: { agree: true, settled: true, missing: 0, gatewayEvents: 5, warehouseEvents: 5 },
};

function findAll(given: Partial<Inputs>) {
  const inputs = { ...quiet, ...given };
  return [...findLiveAlerts(inputs), ...findSlowAlerts(inputs)];
}

function held(given: Partial<Inputs>): string[] {
  return findAll(given)
    .filter(({ holds }) => holds === true)
    .map(({ kind, subject }) => `${kind}${subject === "" ? "" : ` ${subject}`}`);
}

function unknown(given: Partial<Inputs>): string[] {
  return findAll(given)
    .filter(({ holds }) => holds === null)
    .map(({ kind }) => kind);
}

it("nothing is found on a quiet day", () => {
  expect(held({})).toEqual([]);
  expect(unknown({})).toEqual([]);
});

it.each<[string, Partial<Inputs>]>([
  ["cost-spike", { lastHourSpend: 2.01 }],
  ["heavy-usage", { dailySpend: 160.01 }],
  ["cost-over-target", { dailySpend: 100.01, targetDailySpend: 50 }],
  ["usage-spike", { lastHourRequests: 151 }],
  ["user-growth", { newUsersToday: 21 }],
  ["provider-down fallback", { providersDown: ["fallback"] }],
  [
    "target-missed uptime",
    { targets: [{ target: "uptime", value: 0.99, goal: 0.995, unit: "share", met: false }] },
  ],
  [
    "books-disagree",
    { books: { agree: false, settled: true, missing: 0, gatewayEvents: 6, warehouseEvents: 5 } },
  ],
  [
    "books-disagree",
    { books: { agree: false, settled: false, missing: 1, gatewayEvents: 6, warehouseEvents: 5 } },
  ],
])("%s is found just above its threshold", (name, given) => {
  expect(held(given)).toEqual([name]);
});

it("at its threshold nothing is found", () => {
  expect(held({ lastHourSpend: 2, dailySpend: 160, lastHourRequests: 150, newUsersToday: 20 })).toEqual([]);
});

it("without history, budgets or a settled count nothing is said", () => {
  const books = { agree: false, settled: false, missing: 0, gatewayEvents: 6, warehouseEvents: 5 };
  const given = {
    normalHourlySpend: null,
    dailyBudget: null,
    targetDailySpend: null,
    normalHourlyRequests: null,
    usersBefore: 0,
    books,
  };
  expect(held({ ...given, lastHourSpend: 1e6 })).toEqual([]);
  expect(unknown(given)).toEqual([
    "cost-spike",
    "heavy-usage",
    "cost-over-target",
    "usage-spike",
    "user-growth",
    "books-disagree",
  ]);
});
