/** The value at an index that is known to exist. Throws RangeError where it does not: that is a bug, and never a 0. */
export function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`there is no value at ${index} of ${values.length}`);
  return value;
}

/** The same for typed arrays, apart: a function that only ever sees one kind of array is several times as fast. */
export function cell(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`there is no value at ${index} of ${values.length}`);
  return value;
}

/** `count` values, each made of its index. */
export function sequence(count: number, valueAt: (index: number) => number): number[] {
  const values: number[] = [];
  for (let index = 0; index < count; index++) values.push(valueAt(index));
  return values;
}

export function lastOf(values: readonly number[]): number {
  return at(values, values.length - 1);
}

export function sumOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** 0 for no values. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : sumOf(values) / values.length;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
