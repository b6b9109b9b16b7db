import type { Controls } from "../policy/controls.ts";
import { openReplayArm, type ReplayedRequest } from "./counterfactual-arm.ts";
import { openReplayClock } from "./counterfactual-clock.ts";
import { type Profile, profileOf } from "./counterfactual-profile.ts";
import { openPairedTally, type PairedChange } from "./paired-change.ts";
import type { PastRequest } from "./past-request.ts";

export interface CompareOptions {
  /** What was in force. */
  readonly recorded: Controls;
  readonly proposed: Controls;
  /** Earlier requests only fill the counters. Default: there are none. */
  readonly fromMs?: number;
}

/** What a period comes to under some controls. Money in nano-dollars. */
export interface PeriodTotals {
  readonly requests: number;
  readonly denied: number;
  readonly cost: number;
  /** Of the answers; null = there are none. */
  readonly meanLatencyMs: number | null;
  /** 1 to 5. */
  readonly satisfaction: number | null;
}

/** Of the requests that both could tell; null = too few. */
export interface PairedChanges {
  /** Dollars. */
  readonly cost: PairedChange | null;
  /** Of requests that both answer. */
  readonly latencyMs: PairedChange | null;
  /** Of requests that both answer; null while nobody has rated anything. */
  readonly rating: PairedChange | null;
  /** Of the requests of tiers that pay: 1 = refused. */
  readonly payingDenied: PairedChange | null;
}

/** What proposed controls would have changed, with what it rests on. */
export interface ControlsEffect {
  readonly recorded: PeriodTotals;
  readonly proposed: PeriodTotals;
  /** Nano-dollars; below 0 = saved. */
  readonly costChange: number;
  /** As a share of the recorded cost; null = nothing was spent. */
  readonly costChangeShare: number | null;
  readonly latencyChangeMs: number | null;
  readonly satisfactionChange: number | null;
  readonly paired: PairedChanges;
  /** Requests that would be refused and were not, and the other way round. */
  readonly newlyDenied: number;
  readonly newlyAdmitted: number;
  /** Newly denied ones of tiers that pay, as a share of those tiers' requests. */
  readonly premiumDeniedShare: number;
  readonly users: number;
  /** Whose requests would have been decided otherwise. */
  readonly usersAffected: number;
  /** Share of requests for which the recorded controls give back what was decided then. */
  readonly identity: number;
  /** 0 to 1. */
  readonly confidence: number;
}

const NANO_USD_PER_USD = 1e9;
/** So many requests let one half-trust a prediction. */
const HALF_TRUSTED_REQUESTS = 50;
/** A cost change of less is none. */
const SAME_COST_SHARE = 1e-9;

/**
 * Past requests, ascending by time, under the controls of then and under other ones, through the gateway's own policy. Both are
 * replayed, so that what the replay cannot know is equally wrong in both; where nothing is decided otherwise, nothing changes.
 * What it leaves out: users who behave otherwise because of the change, and providers that were down.
 */
export function compareControls(events: readonly PastRequest[], options: CompareOptions): ControlsEffect {
  const { recorded, proposed, fromMs = Number.NEGATIVE_INFINITY } = options;
  const profile = profileOf(events, recorded.catalog);
  const clock = openReplayClock(recorded.catalog.timezone);
  const before = openReplayArm({ controls: recorded, recorded, profile, clock });
  const after = openReplayArm({ controls: proposed, recorded, profile, clock });
  const tally = openComparison(recorded);
  for (const event of events) {
    const then = before.next(event);
    const now = after.next(event);
    if (event.ts >= fromMs) tally.add(event, then, now);
  }
  return tally.effect(profile);
}

/** Whether the replay decides what was decided: admitted or not, why not, and which provider was asked first. */
export function isSameDecision(event: PastRequest, { denial, provider }: ReplayedRequest): boolean {
  if (event.outcome === "denied") return denial === event.denial_reason;
  if (denial !== "") return false;
  return event.first_provider === "" || event.first_provider === provider;
}

function openComparison(recorded: Controls) {
  const before = openTotals();
  const after = openTotals();
  const paired = openPairs();
  const users = new Set<string>();
  const affected = new Set<string>();
  const counts = {
    requests: 0,
    same: 0,
    denied: 0,
    admitted: 0,
    premium: 0,
    premiumDenied: 0,
    guessedCost: 0,
  };
  return {
    add(event: PastRequest, then: ReplayedRequest, now: ReplayedRequest): void {
      before.add(then);
      after.add(now);
      paired.add(then, now, recorded.tiers.get(event.tier)?.premium === true);
      users.add(event.user_id);
      counts.requests += 1;
      if (isSameDecision(event, then)) counts.same += 1;
      const isNewlyDenied = then.denial === "" && now.denial !== "";
      if (isNewlyDenied) counts.denied += 1;
      if (then.denial !== "" && now.denial === "") counts.admitted += 1;
      if (recorded.tiers.get(event.tier)?.premium === true) {
        counts.premium += 1;
        if (isNewlyDenied) counts.premiumDenied += 1;
      }
      if (now.guessed) counts.guessedCost += now.cost;
      if (then.denial !== now.denial || then.provider !== now.provider || isOtherCost(then, now)) {
        affected.add(event.user_id);
      }
    },
    effect(profile: Profile): ControlsEffect {
      const [then, now] = [before.totals(), after.totals()];
      const costChange = now.cost - then.cost;
      const identity = counts.requests === 0 ? 1 : counts.same / counts.requests;
      return {
        recorded: then,
        proposed: now,
        costChange,
        costChangeShare: then.cost === 0 ? null : costChange / then.cost,
        latencyChangeMs: difference(now.meanLatencyMs, then.meanLatencyMs),
        satisfactionChange: profile.ratings === 0 ? null : difference(now.satisfaction, then.satisfaction),
        paired: paired.changes(profile.ratings > 0),
        newlyDenied: counts.denied,
        newlyAdmitted: counts.admitted,
        premiumDeniedShare: counts.premium === 0 ? 0 : counts.premiumDenied / counts.premium,
        users: users.size,
        usersAffected: affected.size,
        identity,
        confidence: confidenceOf(
          counts.requests,
          identity,
          now.cost === 0 ? 0 : counts.guessedCost / now.cost,
        ),
      };
    },
  };
}

function openPairs() {
  const [cost, latencyMs, rating, payingDenied] = [
    openPairedTally(),
    openPairedTally(),
    openPairedTally(),
    openPairedTally(),
  ];
  return {
    add(then: ReplayedRequest, now: ReplayedRequest, isPaying: boolean): void {
      cost.add(isOtherCost(then, now) ? (now.cost - then.cost) / NANO_USD_PER_USD : 0);
      if (isPaying) payingDenied.add(Number(now.denial !== "") - Number(then.denial !== ""));
      if (then.denial !== "" || now.denial !== "") return;
      latencyMs.add(now.latencyMs - then.latencyMs);
      if (then.rating > 0 && now.rating > 0) rating.add(now.rating - then.rating);
    },
    changes: (isRated: boolean): PairedChanges => ({
      cost: cost.result(),
      latencyMs: latencyMs.result(),
      rating: isRated ? rating.result() : null,
      payingDenied: payingDenied.result(),
    }),
  };
}

function openTotals() {
  const sum = { requests: 0, denied: 0, cost: 0, latencyMs: 0, rated: 0, rating: 0 };
  return {
    add({ denial, cost, latencyMs, rating }: ReplayedRequest): void {
      sum.requests += 1;
      if (denial !== "") {
        sum.denied += 1;
        return;
      }
      sum.cost += cost;
      sum.latencyMs += latencyMs;
      if (rating === 0) return;
      sum.rated += 1;
      sum.rating += rating;
    },
    totals(): PeriodTotals {
      const { requests, denied, cost, latencyMs, rated, rating } = sum;
      const answers = requests - denied;
      return {
        requests,
        denied,
        cost,
        meanLatencyMs: answers === 0 ? null : latencyMs / answers,
        satisfaction: rated === 0 ? null : rating / rated,
      };
    },
  };
}

function isOtherCost(then: ReplayedRequest, now: ReplayedRequest): boolean {
  return Math.abs(now.cost - then.cost) > SAME_COST_SHARE * then.cost;
}

function difference(now: number | null, then: number | null): number | null {
  return now === null || then === null ? null : now - then;
}

/** Many requests, decided as they were, whose tokens are known: each factor is between 0 and 1. */
function confidenceOf(requests: number, identity: number, guessedShare: number): number {
  return (requests / (requests + HALF_TRUSTED_REQUESTS)) * identity * (1 - guessedShare / 2);
}
