const WEEK = [10, 12, 11, 13, 20, 30, 25];

export function series(length: number, valueAt: (day: number) => number): number[] {
  return Array.from({ length }, (_, day) => valueAt(day));
}

export const weekday = (day: number): number => WEEK[day % WEEK.length] ?? 0;

/** Evenly spread over 0..1, the same on every run. */
export function noise(day: number): number {
  const x = Math.sin(day * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}
