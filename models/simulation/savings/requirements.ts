import type { ArmTotals } from "./arm-totals.ts";
import type { PhaseSavings } from "./savings.ts";

/** A figure that the whole product has to reach. */
export interface Requirement {
  readonly what: string;
  readonly value: number | null;
  readonly isMet: boolean;
}

const LEAST_SAVING = 0.6;
const MOST_SATISFACTION_LOST = 0.1;
const MOST_PAYING_DENIED = 0.01;

/** The last phase, with everything switched on, against the first, the baseline. */
export function requirementsOf(phases: readonly PhaseSavings[]): readonly Requirement[] {
  const before = phases[0]?.totals;
  const after = phases.at(-1);
  if (before === undefined || after === undefined) throw new RangeError("there is no phase");
  const { saving, totals } = after;
  const satisfaction = change(before, totals, "satisfaction");
  const availability = change(before, totals, "availability");
  return [
    { what: "cost at least 60 % below the baseline", value: saving, isMet: saving >= LEAST_SAVING },
    {
      what: "satisfaction lower by no more than 0.1",
      value: satisfaction,
      isMet: satisfaction !== null && satisfaction >= -MOST_SATISFACTION_LOST,
    },
    {
      what: "availability not lower",
      value: availability,
      isMet: availability !== null && availability >= 0,
    },
    { what: "no limit passed", value: totals.counts.passedLimits, isMet: totals.counts.passedLimits === 0 },
    {
      what: "under 1 % of paying users' requests denied",
      value: totals.payingDeniedShare,
      isMet: totals.payingDeniedShare < MOST_PAYING_DENIED,
    },
  ];
}

function change(before: ArmTotals, after: ArmTotals, figure: "satisfaction" | "availability"): number | null {
  const [then, now] = [before[figure], after[figure]];
  return then === null || now === null ? null : now - then;
}
