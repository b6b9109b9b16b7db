import { z } from "zod";
import { DIRECTIVE_KINDS, type DirectiveRecord, issuer } from "../../models/domain/directive.ts";

/** A directive as the control API shows it. Times in milliseconds since the epoch. */
export const shownDirective = z.object({
  id: z.string(),
  kind: z.enum(DIRECTIVE_KINDS),
  params: z.record(z.string(), z.unknown()),
  reason: z.string(),
  issuedBy: issuer,
  /** The decision that led to it; null when a person did. */
  evidence: z.string().nullable(),
  issuedAt: z.number(),
  expiresAt: z.number(),
  state: z.enum(["active", "expired", "revoked"]),
  revoked: z.object({ ts: z.number(), by: z.string(), reason: z.string() }).nullable(),
});
export type ShownDirective = z.infer<typeof shownDirective>;

export function showDirective({ directive, revoked }: DirectiveRecord, nowMs: number): ShownDirective {
  const { id, kind, params, reason, issuedBy, evidence, issuedAt, expiresAt } = directive;
  const ended = expiresAt <= nowMs ? "expired" : "active";
  const state = revoked === null ? ended : "revoked";
  return { id, kind, params, reason, issuedBy, evidence, issuedAt, expiresAt, state, revoked };
}
