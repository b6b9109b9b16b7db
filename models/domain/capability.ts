import { z } from "zod";

/** What a request may need of a model that not every model has. Each one is a key of a provider's `capabilities` in the catalog. */
export const capability = z.enum(["tools", "jsonSchema", "images"]);
export type Capability = z.infer<typeof capability>;

/** All that is not named as missing is there. */
export const capabilities = z.strictObject({
  tools: z.boolean().default(true),
  /** Answers that keep to a JSON schema. */
  jsonSchema: z.boolean().default(true),
  images: z.boolean().default(true),
});
