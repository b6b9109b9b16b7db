import { z } from "zod";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const environmentName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of an environment variable");
const common = {
  /** What is less severe is not told here. */
  minSeverity: z.enum(SEVERITIES).default("warning"),
};
/** An address that holds a secret is named by its environment variable, so that it is in no file. */
const httpTarget = z.object({
  url: z.url({ protocol: /^https?$/ }).optional(),
  urlEnv: environmentName.optional(),
}).shape;
const ONE_ADDRESS = "give either url or urlEnv";

/** Where alerts are told, as the catalog writes it. */
export const alertChannel = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("log"), ...common }),
  z.strictObject({ type: z.literal("webhook"), ...httpTarget, ...common }).refine(hasOneAddress, ONE_ADDRESS),
  z.strictObject({ type: z.literal("slack"), ...httpTarget, ...common }).refine(hasOneAddress, ONE_ADDRESS),
  z
    .strictObject({
      type: z.literal("email"),
      /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
      url: z.url({ protocol: /^smtps?$/ }).optional(),
      urlEnv: environmentName.optional(),
      from: z.email(),
      to: z.array(z.email()).min(1).max(50),
      ...common,
    })
    .refine(hasOneAddress, ONE_ADDRESS),
]);
export type AlertChannelEntry = z.infer<typeof alertChannel>;

export function hasOneAddress({
  url,
  urlEnv,
}: {
  url?: string | undefined;
  urlEnv?: string | undefined;
}): boolean {
  return (url === undefined) !== (urlEnv === undefined);
}
