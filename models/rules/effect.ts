import { usdFromNano } from "../domain/money.ts";
import type { ControlsEffect, PairedChanges } from "../simulation/counterfactual.ts";

/** What a directive is expected to change, as the decision keeps it. Money in dollars, shares from 0 to 1. */
export interface PredictedEffect {
  /** Over the replayed requests. */
  readonly requests: number;
  readonly costChange: number;
  /** With what was learned from earlier predictions, `costBias`, added. */
  readonly costChangeShare: number | null;
  readonly costBias: number;
  readonly latencyChangeMs: number | null;
  readonly satisfactionChange: number | null;
  readonly newlyDeniedShare: number;
  readonly premiumDeniedShare: number;
  readonly usersAffectedShare: number;
  readonly confidence: number;
  /** The same requests under both, with how sure the difference is; absent: not kept. */
  readonly paired?: PairedChanges;
}

/** `costBias`: what the replay has been wrong by so far (`bias.ts`). */
export function predictedEffect(effect: ControlsEffect, costBias: number): PredictedEffect {
  const { requests } = effect.recorded;
  return {
    requests,
    costChange: usdFromNano(Math.round(effect.costChange)),
    costChangeShare: effect.costChangeShare === null ? null : effect.costChangeShare + costBias,
    costBias,
    latencyChangeMs: effect.latencyChangeMs,
    satisfactionChange: effect.satisfactionChange,
    newlyDeniedShare: requests === 0 ? 0 : effect.newlyDenied / requests,
    premiumDeniedShare: effect.premiumDeniedShare,
    usersAffectedShare: effect.users === 0 ? 0 : effect.usersAffected / effect.users,
    confidence: effect.confidence,
    paired: effect.paired,
  };
}
