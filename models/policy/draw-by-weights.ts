import { nanoFromUsd } from "../domain/money.ts";
import type { Candidate } from "./candidate-order.ts";
import type { DirectiveOf } from "./controls.ts";

export interface WeightedDraw {
  readonly directive: DirectiveOf<"weights">;
  /** Uniform in [0, 1). */
  readonly draw: number;
  /** Providers that have become slow: others go first where there is a choice. */
  readonly slow?: ReadonlySet<string> | undefined;
  /** What was drawn then, where a request is replayed. */
  readonly drawn?: PastDraw | undefined;
}

/** Which provider went first under a directive's weights; empty: none was called. */
export interface PastDraw {
  readonly directiveId: string;
  readonly provider: string;
}

/** A provider put first by its weight, the others in their order; or the order as it is. Slow ones are not looked at yet. */
export function drawByWeights(
  candidates: readonly Candidate[],
  { directive, draw, drawn: then }: Omit<WeightedDraw, "slow">,
): readonly Candidate[] {
  const { massOf } = massesOf(candidates, directive);
  let rest = draw;
  const isDrawn = (candidate: Candidate): boolean => {
    const mass = massOf(candidate);
    rest -= mass;
    return mass > 0 && rest < 0;
  };
  const isSame = ({ provider }: Candidate): boolean => provider.name === then?.provider;
  const drawn = candidates.find(then?.directiveId === directive.id ? isSame : isDrawn);
  if (drawn === undefined) return candidates;
  const first = { provider: drawn.provider, reason: `directive:${directive.id}` };
  const main = mainBeside(drawn, candidates, massOf);
  const others = candidates.filter((candidate) => candidate !== drawn && candidate !== main);
  return main === undefined ? [first, ...others] : [first, main, ...others];
}

/** Where trying the one that was drawn costs too much, or it is slow, the one goes next that most requests go to. */
function mainBeside(
  drawn: Candidate,
  candidates: readonly Candidate[],
  massOf: (candidate: Candidate) => number,
): Candidate | undefined {
  return candidates.find((candidate) => candidate !== drawn && massOf(candidate) >= EXPLORED_BELOW);
}

/** A provider with fewer chances is tried in order to learn. */
export const EXPLORED_BELOW = 0.5;

/** The first one with its probability, and with what trying it may cost where the directive bounds that. */
export function withPropensity(
  [first, ...others]: readonly Candidate[],
  before: readonly Candidate[],
  how: Pick<WeightedDraw, "directive" | "slow">,
): readonly Candidate[] {
  if (first === undefined) return before;
  const propensity = propensityOf(first.provider.name, before, how);
  const { explorationDailyUsd: usd } = how.directive.params;
  const isBounded = usd !== undefined && propensity < EXPLORED_BELOW;
  return [{ ...first, propensity, ...(isBounded && { explorationLimit: nanoFromUsd(usd) }) }, ...others];
}

/**
 * With which probability a provider comes to be the first, when {@link drawByWeights} draws and slow ones are then put last: its own
 * weight; for the first one that is not slow also what the weights leave to the order; and what slow ones would have got, for the
 * one that comes after each.
 */
export function propensityOf(
  name: string,
  candidates: readonly Candidate[],
  { directive, slow }: Pick<WeightedDraw, "directive" | "slow">,
): number {
  const { massOf, left } = massesOf(candidates, directive);
  const isSlow = ({ provider }: Candidate) => slow?.has(provider.name) === true;
  const swift = candidates.find((candidate) => !isSlow(candidate)) ?? candidates[0];
  const own = candidates.find(({ provider }) => provider.name === name);
  if (own === undefined) return 0;
  const comesAfter = (drawn: Candidate): boolean => {
    const main = mainBeside(drawn, candidates, massOf);
    return own === (main === undefined || isSlow(main) ? swift : main);
  };
  const passedOn = isSlow(own) ? [] : candidates.filter((one) => isSlow(one) && comesAfter(one));
  const ownShare = massOf(own) + (own === swift ? left : 0);
  return Math.min(
    1,
    passedOn.reduce((sum, one) => sum + massOf(one), ownShare),
  );
}

/** The probability of each by its weight, and what is left to the order as it is. */
function massesOf(candidates: readonly Candidate[], { params }: DirectiveOf<"weights">) {
  const weightOf = ({ provider }: Candidate) => params.weights[provider.name] ?? 0;
  const sum = candidates.reduce((total, candidate) => total + weightOf(candidate), 0);
  const whole = params.remainder === "order" ? Math.max(1, sum) : sum;
  return {
    massOf: (candidate: Candidate) => (whole === 0 ? 0 : weightOf(candidate) / whole),
    left: whole === 0 ? 1 : Math.max(0, 1 - sum / whole),
  };
}
