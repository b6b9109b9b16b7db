import type { CounterState } from "../models/domain/charge.ts";
import type { Controls } from "../models/policy/controls.ts";
import { nextStage, type Stage, safeguardRatio } from "../models/policy/safeguards.ts";

/** The safeguard's stage as this gateway sees it: looked at anew for each request, from the counters that decide admission. */
export interface SafeguardLadder {
  stage(): Stage;
  /** One more look at the spend of all users. */
  look(spend: { day: CounterState; week: CounterState }, controls: Controls): Stage;
}

export interface SafeguardLadderOptions {
  readonly onChange: (change: { from: Stage; to: Stage; ratio: number }) => void;
}

export function openSafeguardLadder({ onChange }: SafeguardLadderOptions): SafeguardLadder {
  let stage: Stage = "normal";
  return {
    stage: () => stage,
    look(spend, { catalog }) {
      const ratio = safeguardRatio(spend, catalog.safeguards);
      const next = nextStage(stage, ratio, catalog.safeguards);
      if (next !== stage) {
        const from = stage;
        stage = next;
        onChange({ from, to: next, ratio });
      }
      return stage;
    },
  };
}
