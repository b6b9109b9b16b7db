import { NORMAL } from "../models/domain/gateway-condition.ts";
import type { Controls } from "../models/policy/controls.ts";
import { type Load, type LoadState, NORMAL_LOAD, nextLoad } from "../models/policy/high-load.ts";
import type { Conditions } from "./conditions.ts";
import type { LoadMeter } from "./load-meter.ts";

/** High load as this gateway sees it: looked at with each request, and once a second without one. */
export interface LoadSwitch {
  begin(userId: string): () => void;
  look(controls: Controls): LoadState;
  /** For the cache: answers may be kept longer than the catalog says. */
  aggressiveCaching(): boolean;
  load(): Load;
}

export interface LoadSwitchOptions {
  readonly meter: LoadMeter;
  readonly nowMs: () => number;
  readonly conditions: Conditions;
}

export function openLoadSwitch({ meter, nowMs, conditions }: LoadSwitchOptions): LoadSwitch {
  let state: LoadState = NORMAL_LOAD;
  const describe = (load: Load) => ({
    reason: `the load is ${state.high ? "high" : "normal"}: ${load.requestsPerMinute} requests a minute, ${load.concurrentUsers} users`,
    numbers: { ...load },
  });
  return {
    begin: meter.begin,
    look({ catalog }) {
      const load = meter.load();
      state = nextLoad(state, load, { limits: catalog.routing.highLoad, nowMs: nowMs() });
      const condition = { condition: "high-load", subject: "", state: state.high ? "high" : NORMAL } as const;
      conditions.set(condition, () => describe(load));
      return state;
    },
    aggressiveCaching: () => state.high,
    load: meter.load,
  };
}
