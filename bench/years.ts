import Table from "cli-table3";
import { Command } from "commander";
import { loadCatalog } from "../catalog.ts";
import { loadConfig } from "../config.ts";
import { meanOf } from "../models/forecast/sequence.ts";
import { INCIDENT_KINDS } from "../models/simulation/incident.ts";
import { explainFailures } from "../tools/run-tool.ts";
import { type BreakEvenCheck, checkBreakEven } from "./years/check-break-even.ts";
import { checkForecasts, type ForecastCheck } from "./years/check-forecasts.ts";
import { checkIncidents, type KindResult, type Tally, type YearResult } from "./years/check-incidents.ts";
import { checkScenarios, type ScenarioCheck } from "./years/check-scenarios.ts";
import { simulateYear } from "./years/simulated-year.ts";

const program = new Command("bench:years")
  .description(
    "Lives through simulated years and checks what is said of them against what is true: the 30-day forecasts of the spend against " +
      "seasonal naive and a straight line, with the coverage of their intervals; the scenarios against what came; which labelled incidents are found within their hour " +
      "or day, with the right cause first; and whether the break-even day lies in its interval. Prints tables, and JSON after them.",
  )
  .option("--seeds <n>", "how many years, each with a seed of its own", Number, 5)
  .option("--first-seed <n>", "the seed of the first year", Number, 1)
  .option("--users <n>", "users at the end of each year", Number, 1_000)
  .option("--days <n>", "days of a year", Number, 365)
  .parse();
const settings = program.opts<{ seeds: number; firstSeed: number; users: number; days: number }>();

explainFailures("bench:years");
const { catalog } = await loadCatalog(loadConfig().catalogFile);
const forecasts: ForecastCheck[] = [];
const scenarios: ScenarioCheck[] = [];
const incidents: YearResult[] = [];
const breakEvens: BreakEvenCheck[] = [];
/** A year and a half of them is lived for it. */
const BREAK_EVEN_USERS = 150;
for (let index = 0; index < settings.seeds; index++) {
  const seed = settings.firstSeed + index;
  const year = simulateYear({ seed, users: settings.users, days: settings.days, catalog });
  const spend = year.days.map(({ cost }) => cost);
  const activeUsers = year.days.map((day) => day.activeUsers);
  forecasts.push(checkForecasts(spend));
  scenarios.push(checkScenarios(spend, activeUsers));
  incidents.push(checkIncidents(year, INCIDENT_KINDS));
  breakEvens.push(...checkBreakEven({ seed, users: BREAK_EVEN_USERS, catalog }));
  process.stderr.write(`year ${index + 1} of ${settings.seeds}\n`);
}
console.log(forecastTable());
console.log(scenarioTable());
console.log(incidentTable());
const covered = breakEvens.filter(({ inside }) => inside).length;
console.log(`break-even days inside their 80 % interval: ${covered} of ${breakEvens.length}`);
console.log(JSON.stringify({ ...settings, forecasts, scenarios, incidents, breakEvens }, null, 2));

function forecastTable(): string {
  const table = new Table({
    head: [
      "30-day spend",
      "forecast",
      "seasonal naive",
      "straight line",
      "sums in 80 / 95 %",
      "days in 80 / 95 %",
    ],
    style: { head: [], border: [] },
  });
  const percent = (share: number): string => (100 * share).toFixed(1);
  const row = (name: string, of: (valueIn: (check: ForecastCheck) => number) => number): void => {
    table.push([
      name,
      `${percent(of((one) => one.forecast))} %`,
      `${percent(of((one) => one.seasonalNaive))} %`,
      `${percent(of((one) => one.straightLine))} %`,
      `${percent(of((one) => one.sumsInside80))} / ${percent(of((one) => one.sumsInside95))}`,
      `${percent(of((one) => one.daysInside80))} / ${percent(of((one) => one.daysInside95))}`,
    ]);
  };
  for (const [index, check] of forecasts.entries())
    row(`seed ${settings.firstSeed + index}`, (valueIn) => valueIn(check));
  row("all", (valueIn) => meanOf(forecasts.map(valueIn)));
  return table.toString();
}

function scenarioTable(): string {
  const table = new Table({
    head: [
      "30-day scenarios",
      "pessimistic",
      "conservative",
      "optimistic",
      "expected",
      "between",
      "with noise",
      "expected below / above",
      "growth fitted / came / of users a day",
    ],
    style: { head: [], border: [] },
  });
  const percent = (share: number): string => (100 * share).toFixed(2);
  const row = (name: string, of: (valueIn: (check: ScenarioCheck) => number) => number): void => {
    const shown = (valueIn: (check: ScenarioCheck) => number): string => percent(of(valueIn));
    table.push([
      name,
      `${shown(({ errors }) => errors.pessimistic)} %`,
      `${shown(({ errors }) => errors.conservative)} %`,
      `${shown(({ errors }) => errors.optimistic)} %`,
      `${shown(({ errors }) => errors.expected)} %`,
      `${shown((one) => one.between)} %`,
      `${shown((one) => one.betweenWithNoise)} %`,
      `${shown((one) => one.expectedBelow)} / ${shown((one) => one.expectedAbove)} %`,
      `${shown((one) => one.growthFitted)} / ${shown((one) => one.growthCame)} / ${shown((one) => one.growthOfUsers)} %`,
    ]);
  };
  for (const [index, check] of scenarios.entries()) row(`seed ${index + 1}`, (valueIn) => valueIn(check));
  row("all", (valueIn) => meanOf(scenarios.map(valueIn)));
  return table.toString();
}

function incidentTable(): string {
  const table = new Table({
    head: ["incidents", "all", "true effect over 2 sigma", "over 5 sigma", "strongest row over 2 sigma"],
    style: { head: [], border: [] },
  });
  const results = incidents.flatMap(({ kinds }) => kinds);
  const cell = (kind: string | null, of: (result: KindResult) => Tally): string => {
    const tallies = results.filter((one) => kind === null || one.kind === kind).map(of);
    const sum = (key: keyof Tally): number => tallies.reduce((total, one) => total + one[key], 0);
    return `${sum("incidents")}: ${sum("found")} found, ${sum("right")} right`;
  };
  for (const kind of [...INCIDENT_KINDS, null]) {
    table.push([
      kind ?? "together",
      cell(kind, ({ all }) => all),
      cell(kind, ({ over2 }) => over2),
      cell(kind, ({ over5 }) => over5),
      cell(kind, ({ strongestOver2 }) => strongestOver2),
    ]);
  }
  const falseAlarms = meanOf(incidents.map((year) => year.falseAlarms));
  return `${table.toString()}\nfalse alarms a year, all series together: ${falseAlarms.toFixed(1)}`;
}
