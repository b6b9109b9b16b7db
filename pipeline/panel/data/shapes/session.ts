import * as z from "zod/mini";

export const problem = z.object({ error: z.object({ message: z.string(), code: z.string() }) });

export const session = z.object({
  role: z.enum(["admin", "viewer"]),
  csrfToken: z.string(),
  expiresAt: z.number(),
});
export type SessionInfo = z.output<typeof session>;

/** null: nobody is signed in. */
export const sessionState = z.object({ session: z.nullable(session) });
