import type { Catalog } from "../../domain/catalog.ts";
import { openArm } from "./arm.ts";
import { demandOf } from "./demand.ts";
import type { ArmTotals } from "./ledger.ts";
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
  const baseline = arms[0]?.totals().cost ?? 0;
  return {
    seed,
    phases: arms.map((arm) => {
      const totals = arm.totals();
      const { name, expectedSaving } = arm.phase;
      const saving = baseline === 0 ? 0 : 1 - totals.cost / baseline;
      return { phase: { name, expectedSaving }, totals, saving, acts: Object.fromEntries(arm.acts) };
    }),
  };
}
