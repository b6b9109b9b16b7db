import { z } from "zod";

/** When something happened: milliseconds since the epoch, before the year 2200. The warehouse would store a later time as another one. */
export const timestampMs = z
  .number()
  .int()
  .nonnegative()
  .max(Date.UTC(2200, 0, 1));
