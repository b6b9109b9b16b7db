import type { CounterState } from "../models/domain/charge.ts";
import { safeguardKeys, type Windows } from "../models/policy/charges.ts";
import type { Controls } from "../models/policy/controls.ts";
import { nextStage, type Stage, safeguardRatio, stageEndsAtMs } from "../models/policy/safeguards.ts";
import type { ConditionDetails, Conditions } from "./conditions.ts";
import type { MaybePromise } from "./maybe-promise.ts";
import type { UsageStore } from "./usage-store.ts";

/**
 * The safeguard's stage as this gateway sees it: looked at anew for each request, from the counters that decide admission, and
 * once a second without one, so that a new day ends it by itself.
 */
export interface SafeguardLadder {
  stage(): Stage;
  /** One more look at the spend of all users. `endsAtMs`: when the window that holds the stage is over. */
  look(now: SafeguardMoment): MaybePromise<StageSeen>;
}

export interface SafeguardMoment {
  readonly windows: Windows;
  readonly controls: Controls;
}

export interface StageSeen {
  readonly stage: Stage;
  readonly endsAtMs: number;
}

export interface SafeguardLadderOptions {
  readonly usage: Pick<UsageStore, "read">;
  readonly conditions: Conditions;
}

const NOTHING: CounterState = { used: 0, reserved: 0 };
const PERCENT = 100;

export function openSafeguardLadder({ usage, conditions }: SafeguardLadderOptions): SafeguardLadder {
  let stage: Stage = "normal";
  const judge = ([day = NOTHING, week = NOTHING]: readonly CounterState[], moment: SafeguardMoment) => {
    const { windows, controls } = moment;
    const { safeguards } = controls.catalog;
    const spend = { day, week };
    const ratio = safeguardRatio(spend, safeguards);
    stage = nextStage(stage, ratio, safeguards);
    conditions.set({ condition: "safeguard", subject: "", state: stage }, () => describe(ratio));
    return { stage, endsAtMs: stageEndsAtMs({ stage, spend, windows, safeguards }) };
  };
  return {
    stage: () => stage,
    look(moment) {
      const { day, week } = safeguardKeys(moment.windows);
      const spend = usage.read([day, week]);
      return spend instanceof Promise ? spend.then((states) => judge(states, moment)) : judge(spend, moment);
    },
  };
}

/** A limit of 0 is reached without any spend, and JSON has no Infinity. */
function describe(ratio: number): ConditionDetails {
  if (!Number.isFinite(ratio)) return { reason: "the hard limit of spending is 0", numbers: {} };
  const percent = (ratio * PERCENT).toFixed(1);
  return {
    reason: `spending, with what is in flight, is at ${percent} % of the nearer hard limit`,
    numbers: { ratio },
  };
}
