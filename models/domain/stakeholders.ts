import { z } from "zod";
import { environmentName, hasOneAddress } from "./alert-channel.ts";

export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

/** Who gets the summary of the week by mail. */
export const stakeholders = z
  .strictObject({
    to: z.array(z.email()).min(1).max(50),
    from: z.email(),
    /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
    url: z.url({ protocol: /^smtps?$/ }).optional(),
    /** The environment variable that holds the same, so that no secret is in the file. */
    urlEnv: environmentName.optional(),
    weekday: z.enum(WEEKDAYS).default("monday"),
    /** Of the catalog's time zone. */
    hour: z.number().int().min(0).max(23).default(8),
    /** Where the reader finds the reports; absent: no link. */
    reportsUrl: z.url({ protocol: /^https?$/ }).optional(),
  })
  .refine(hasOneAddress, "give either url or urlEnv");
export type Stakeholders = z.infer<typeof stakeholders>;
