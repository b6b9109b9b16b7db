/** Uniform in [0, 1). */
export type Random = () => number;

/** Mulberry32 (Tommy Ettinger, public domain): small, fast, good enough for a simulation. Equal seeds, equal numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A stream of its own for each part of a simulation, so that a part may draw more without changing the others. */
export function streamOf(seed: number, ...parts: readonly number[]): Random {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const part of parts) mixed = Math.imul((mixed ^ (mixed >>> 13) ^ part) + 0x27d4eb2f, 0xc2b2ae35);
  return seededRandom(mixed ^ (mixed >>> 16));
}

/** Standard normal, by Box and Muller. */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Log-normal with the given median; `spread` is the standard deviation of its logarithm. */
export function drawLogNormal(random: Random, median: number, spread: number): number {
  return median * Math.exp(spread * drawNormal(random));
}

const POISSON_NORMAL_ABOVE = 60;

/** Poisson, by multiplication (Knuth); for large means its normal approximation. */
export function drawPoisson(random: Random, mean: number): number {
  if (mean > POISSON_NORMAL_ABOVE)
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * drawNormal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** A choice among weighted items: `draw` takes a number in [0, 1). */
export function weightedChoice<Item>(weighted: readonly (readonly [Item, number])[]): (draw: number) => Item {
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  const last = weighted.at(-1);
  if (last === undefined || !(total > 0)) throw new RangeError("there is nothing to choose from");
  return (draw) => {
    let rest = draw * total;
    for (const [item, weight] of weighted) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return last[0];
  };
}
