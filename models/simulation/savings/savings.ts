import type { Catalog } from "../../domain/catalog.ts";
import { openArm } from "./arm.ts";
import { type ArmTotals, addCounts, totalsOf } from "./arm-totals.ts";
import { demandOf } from "./demand.ts";
import { PHASES, type Phase, scaleBudgets } from "./phases.ts";

export interface SavingsOptions {
  readonly catalog: Catalog;
  readonly seed: number;
  /** Everybody who has signed up at the end. */
  readonly users: number;
  /** Days that count. */
  readonly days: number;
  /** Days before them, lived and served in the same way but not counted: forecasts need three weeks of a past. */
  readonly warmUpDays: number;
  /** The first day of the warm-up, `YYYY-MM-DD`. */
  readonly startDay: string;
}

/** What one seed's population costs in each phase; the baseline first, everything switched on last. */
export interface SeedSavings {
  readonly seed: number;
  readonly phases: readonly PhaseSavings[];
}

export interface PhaseSavings {
  readonly phase: Pick<Phase, "name" | "expectedSaving">;
  readonly totals: ArmTotals;
  /** Of the baseline's cost. */
  readonly saving: number;
  /** How often each rule has acted. */
  readonly acts: Readonly<Record<string, { readonly fired: number; readonly rolledBack: number }>>;
}

const DAY_MS = 86_400_000;

/** Yields after each day, so that the caller can tell how far it is. */
export function* simulateSavings(options: SavingsOptions): Generator<number, SeedSavings> {
  const { seed, users, days, warmUpDays, startDay } = options;
  const catalog = scaleBudgets(options.catalog, users);
  const demand = demandOf({ seed, users, days: warmUpDays + days, startDay, catalog });
  let arms: ReturnType<typeof openArm>[] = [];
  for (const day of demand) {
    if (day.index === 0) {
      const countFromMs = day.window.startMs + warmUpDays * DAY_MS;
      const common = { catalog, seed, users, firstDay: day.window, countFromMs };
      arms = PHASES.map((phase) => openArm({ ...common, phase }));
    }
    for (const arm of arms) arm.live(day);
    yield day.index + 1;
  }
  const baselineCost = arms[0]?.totals().counts.cost ?? 0;
  return {
    seed,
    phases: arms.map(({ phase, totals, acts }) =>
      savingsOf({ phase, totals: totals(), acts: Object.fromEntries(acts), baselineCost }),
    ),
  };
}

/** The populations of several seeds as one. */
export function pooled(seeds: readonly SeedSavings[]): readonly PhaseSavings[] {
  const [first, ...others] = seeds;
  if (first === undefined) return [];
  const sums = first.phases.map(({ phase, totals }, index) => ({
    phase,
    counts: others.reduce((sum, { phases }) => {
      const counts = phases[index]?.totals.counts;
      return counts === undefined ? sum : addCounts(sum, counts);
    }, totals.counts),
  }));
  const baselineCost = sums[0]?.counts.cost ?? 0;
  return sums.map(({ phase, counts }) =>
    savingsOf({ phase, totals: totalsOf(counts), acts: {}, baselineCost }),
  );
}

function savingsOf({
  phase: { name, expectedSaving },
  totals,
  acts,
  baselineCost,
}: Omit<PhaseSavings, "saving"> & { readonly baselineCost: number }): PhaseSavings {
  const saving = baselineCost === 0 ? 0 : 1 - totals.counts.cost / baselineCost;
  return { phase: { name, expectedSaving }, totals, saving, acts };
}
