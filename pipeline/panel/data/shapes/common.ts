import * as z from "zod/mini";

/*
 * The fields of the control API's answers that the panel shows. Money in dollars, times in milliseconds since the epoch, shares
 * from 0 to 1; null = not known.
 */
export const maybeNumber = z.nullable(z.number());
export const record = z.record(z.string(), z.unknown());
