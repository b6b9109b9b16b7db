/**
 * Sample quantile with linear interpolation between order statistics: type 7 of Hyndman & Fan (1996),
 * "Sample quantiles in statistical packages"; agrees with R's default and NumPy's. Throws RangeError for no values.
 */
export function quantile(values: readonly number[] | Float64Array, probability: number): number {
  const sorted = values instanceof Float64Array ? values.toSorted() : values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * probability;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError("there is no quantile of no values");
  return below + (above - below) * (position - Math.floor(position));
}
