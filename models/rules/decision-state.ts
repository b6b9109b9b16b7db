import type { DirectiveRecord } from "../domain/directive.ts";
import type { VerdictOfEffect } from "./verify.ts";

/**
 * What became of a decision whose directive was issued:
 *
 *     on-trial ── judgeTrial ──> kept, extended, inconclusive ──┐
 *        └────────────────── endByRevocation ──────────────────┴──> widened, replaced, rolled-back
 *
 * The functions take only the states that they may leave, so that nothing leaves an end.
 */
export type DecisionState = OnTrial | JudgedDecision | EndedDecision;

/** In force or expired, and nobody has said yet what came of it. */
export interface OnTrial {
  readonly kind: "on-trial";
}

/** Verification has said what came of it; while its directive is in force, somebody may still take that back. */
export interface JudgedDecision {
  readonly kind: "kept" | "extended" | "inconclusive";
}

/** Its directive was revoked before it expired; this does not change any more. */
export interface EndedDecision {
  /** `widened`: it holds for all users by another directive; `replaced`: the learned routing issued another one, or none. */
  readonly kind: "widened" | "replaced" | "rolled-back";
  readonly by: string;
  readonly ts: number;
  readonly reason: string;
}

export const VERIFICATION = { type: "rule", name: "verification" } as const;
export const LEARNED_ROUTING = { type: "rule", name: "learned-routing" } as const;
export const HOLDS_FOR_ALL = "holds for all users from now on";

export const ON_TRIAL: OnTrial = { kind: "on-trial" };

type Revocation = NonNullable<DirectiveRecord["revoked"]>;

/** The revocation that has ended a directive; null: it is in force, or it expired before anybody took it back. */
export function findEnd({ directive, revoked }: DirectiveRecord): Revocation | null {
  return revoked !== null && revoked.ts < directive.expiresAt ? revoked : null;
}

/** Who revoked it and why says what came of it, whatever was measured. */
export function endByRevocation(_from: OnTrial | JudgedDecision, revocation: Revocation): EndedDecision {
  return { kind: endKind(revocation), ...revocation };
}

/** What its effect says; `goesOn`: the same was issued once more. Harm and a trial that succeeded end it: the caller revokes. */
export function judgeTrial(
  from: OnTrial,
  { verdict, harms }: VerdictOfEffect,
  { goesOn, nowMs }: { readonly goesOn: boolean; readonly nowMs: number },
): DecisionState {
  switch (verdict) {
    case "undecided":
      return from;
    case "rolled-back":
      return endByRevocation(from, revokedNow(`rolled back: ${harms.join(", ")}`, nowMs));
    case "widened":
      return goesOn ? endByRevocation(from, revokedNow(HOLDS_FOR_ALL, nowMs)) : { kind: "kept" };
    case "extended":
      return { kind: goesOn ? "extended" : "kept" };
    default:
      return { kind: verdict };
  }
}

export function isEnded(state: DecisionState): state is EndedDecision {
  return state.kind === "widened" || state.kind === "replaced" || state.kind === "rolled-back";
}

function revokedNow(reason: string, ts: number): Revocation {
  return { by: VERIFICATION.name, reason, ts };
}

function endKind({ by, reason }: Revocation): EndedDecision["kind"] {
  if (by === VERIFICATION.name && reason === HOLDS_FOR_ALL) return "widened";
  return by === LEARNED_ROUTING.name ? "replaced" : "rolled-back";
}
