import { drawNormal, type Random } from "../../simulation/random.ts";
import type { ArmBelief } from "./arm-belief.ts";

/** So many draws give a share to about one and a half points of a hundred. */
const DRAWS = 1_000;

/**
 * How likely each of them is the best one: the shares that Thompson sampling sends to each (Chapelle & Li 2011, An Empirical
 * Evaluation of Thompson Sampling, NIPS 24), drawn once for many requests, which then share one directive. They sum to 1.
 */
export function thompsonShares(beliefs: readonly ArmBelief[], random: Random): ReadonlyMap<string, number> {
  const wins = new Map(beliefs.map(({ provider }) => [provider, 0]));
  for (let draw = 0; draw < DRAWS; draw += 1) {
    let best = { provider: "", value: Number.NEGATIVE_INFINITY };
    for (const { provider, value, error } of beliefs) {
      const drawn = value + error * drawNormal(random);
      if (drawn > best.value) best = { provider, value: drawn };
    }
    wins.set(best.provider, (wins.get(best.provider) ?? 0) + 1);
  }
  return new Map([...wins].map(([provider, won]) => [provider, won / DRAWS]));
}
