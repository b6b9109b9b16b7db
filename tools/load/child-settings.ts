import { z } from "zod";

export const childSettings = z.object({
  directory: z.string(),
  key: z.string(),
  paidUsers: z.array(z.string()),
  slots: z.number(),
  timeScale: z.number(),
  /** As in `catalog.yaml`. */
  catalog: z.unknown(),
});
export type ChildSettings = z.infer<typeof childSettings>;
