import { z } from "zod";

/**
 * Money inside the product: whole nano-dollars (1e-9 USD).
 * Safe integers reach 9,007,199 USD, which is why no limit in the catalog may be above {@link MAX_USD}.
 */
export const nanoUsd = z.number().int().brand<"NanoUsd">();
export type NanoUsd = z.infer<typeof nanoUsd>;

export const NANO_PER_USD = 1_000_000_000;
export const MAX_USD = 5_000_000;
export const ZERO_USD = 0 as NanoUsd;

/** Dollars, as people write them in the catalog, to whole nano-dollars (nearest). Throws RangeError outside ±MAX_USD. */
export function nanoFromUsd(usd: number): NanoUsd {
  if (!Number.isFinite(usd) || Math.abs(usd) > MAX_USD) {
    throw new RangeError(`an amount must be within ±${MAX_USD} USD, got ${usd}`);
  }
  // By its decimal digits: a product with 1e9 is off by one for large amounts. Adding 0 makes -0 a 0.
  return (Number(usd.toFixed(9).replace(".", "")) + 0) as NanoUsd;
}

/** Whole nano-dollars to dollars, for the edges only (headers, API, reports). */
export function usdFromNano(nano: number): number {
  return nano / NANO_PER_USD;
}

/** An exact decimal string of dollars without trailing zeros: 1_234_500 nano -> "0.0012345". */
export function formatUsd(nano: number): string {
  const sign = nano < 0 ? "-" : "";
  const digits = Math.abs(nano).toString().padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0+$/, "");
  return `${sign}${digits.slice(0, -9)}${fraction === "" ? "" : `.${fraction}`}`;
}
