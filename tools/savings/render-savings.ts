import Table from "cli-table3";
import { usdFromNano } from "../../models/domain/money.ts";
import { requirementsOf } from "../../models/simulation/savings/requirements.ts";
import { type PhaseSavings, pooled, type SeedSavings } from "../../models/simulation/savings/savings.ts";

export interface SavingsReport {
  readonly days: number;
  readonly warmUpDays: number;
  readonly users: number;
  readonly seeds: readonly SeedSavings[];
  readonly seconds: number;
}

const HEAD = [
  "seed",
  "phase",
  "cost USD",
  "saved",
  "expected",
  "satisfaction",
  "availability",
  "paying denied",
  "all denied",
  "limits passed",
];

/** A table for people: a block for each seed, then what is required, and which rules have acted. */
export function renderSavings(report: SavingsReport): string {
  const table = new Table({
    head: HEAD,
    colAligns: HEAD.map((_, column) => (column < 2 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  const blocks = report.seeds.map(({ seed, phases }) => ({ name: String(seed), phases }));
  if (blocks.length > 1) blocks.push({ name: "all", phases: pooled(report.seeds) });
  for (const { name, phases } of blocks) {
    for (const [index, phase] of phases.entries()) table.push([index === 0 ? name : "", ...cellsOf(phase)]);
  }
  const { days, users, warmUpDays, seconds } = report;
  return [
    `${days} days of ${users} users each, after ${warmUpDays} days to get going; the limits of everybody's money scaled to that many users.`,
    table.toString(),
    "With everything switched on:",
    ...requirementLines(report.seeds),
    "Rules that have acted, warm-up included (rolled back):",
    ...report.seeds.map(actsLine),
    `${seconds.toFixed(0)} seconds`,
  ].join("\n");
}

function cellsOf({ phase, totals, saving }: PhaseSavings): string[] {
  const { expectedSaving: expected } = phase;
  return [
    phase.name,
    usdFromNano(totals.counts.cost).toFixed(2),
    percent(saving, 1),
    expected === null ? "" : `${percent(expected, 0)}${saving >= expected ? "" : ": missed"}`,
    totals.satisfaction?.toFixed(3) ?? "unknown",
    totals.availability === null ? "unknown" : percent(totals.availability, 3),
    percent(totals.payingDeniedShare, 2),
    percent(totals.deniedShare, 2),
    String(totals.counts.passedLimits),
  ];
}

/** Each seed counts by itself; what only some of them miss may be chance, so their populations as one are told, too. */
function requirementLines(seeds: readonly SeedSavings[]): string[] {
  const bySeed = seeds.map(({ seed, phases }) => ({ seed, requirements: requirementsOf(phases) }));
  return requirementsOf(pooled(seeds)).map(({ what, isMet }, index) => {
    const missed = bySeed.filter(({ requirements }) => requirements[index]?.isMet !== true);
    if (missed.length === 0) return `  ${what}: met by every seed`;
    const together = `${isMet ? "met" : "MISSED"} by all together`;
    return `  ${what}: MISSED by seed ${missed.map(({ seed }) => seed).join(", ")}, ${together}`;
  });
}

function actsLine({ seed, phases }: SeedSavings): string {
  const acted = phases
    .map(({ phase, acts }) => ({ name: phase.name, rules: Object.entries(acts) }))
    .filter(({ rules }) => rules.length > 0)
    .map(({ name, rules }) => `${name}: ${rules.map(ruleText).join(", ")}`);
  return `  seed ${seed}: ${acted.join("; ") || "none"}`;
}

function ruleText([name, { fired, rolledBack }]: [string, PhaseSavings["acts"][string]]): string {
  return `${name} ${fired}${rolledBack === 0 ? "" : ` (${rolledBack})`}`;
}

function percent(share: number, digits: number): string {
  return `${(100 * share).toFixed(digits)} %`;
}
