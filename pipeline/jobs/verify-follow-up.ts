import type { Directive, DirectiveRecord } from "../../models/domain/directive.ts";
import { decisionId, directiveId } from "../../models/domain/ids.ts";
import { stricterMode } from "../../models/rules/evaluate.ts";
import { MAX_REASON_LENGTH } from "../../models/rules/explain.ts";
import { sameInstruction } from "../../models/rules/same-instruction.ts";
import type { VerdictOfEffect } from "../../models/rules/verify.ts";
import { changesOf, stopOf } from "../automation-state.ts";
import type { JobDeps } from "../job.ts";
import type { DecisionRow } from "./decision-row.ts";
import type { KeptDecision } from "./verify-read.ts";

const DAY_MS = 86_400_000;
/** What has helped goes on, but not for ever: then its rule has to fire anew. */
const MAX_SAME_A_DAY = 6;

export interface FollowUp {
  readonly row: DecisionRow;
  readonly directive: Directive;
}

/**
 * The same directive once more, as a decision of its own, which is verified like the first: for all users, when it was tried on a
 * share of them, and for as long as it was issued for. Null when the automation may not: it has changed enough in the last hour, it
 * is stopped or needs a person for each step, or somebody has issued the same already.
 */
export function followUp(
  deps: JobDeps,
  { decision, record, verdict }: Verified,
  nowMs: number,
): FollowUp | null {
  const { directive } = record;
  if (!mayGoOn(deps, { decision, directive }, nowMs)) return null;
  const why = verdict === "widened" ? "did no harm to those it was tried on" : "has helped";
  const reason = `goes on, because it ${why}: ${decision.reason}`.slice(0, MAX_REASON_LENGTH);
  const id = decisionId.parse(deps.newId());
  const { share: _, ...forAll } = directive;
  const next: Directive = {
    ...forAll,
    id: directiveId.parse(deps.newId()),
    evidence: id,
    reason,
    issuedAt: nowMs,
    expiresAt: nowMs + (directive.expiresAt - directive.issuedAt),
  };
  const row: DecisionRow = { ...decision, id, ts: nowMs, outcome: "fired", reason, directive_id: next.id };
  return { row, directive: next };
}

interface Verified {
  readonly decision: KeptDecision;
  readonly record: DirectiveRecord;
  readonly verdict: VerdictOfEffect["verdict"];
}

function mayGoOn(
  { catalog, directory: { directives } }: JobDeps,
  { decision, directive }: { readonly decision: KeptDecision; readonly directive: Directive },
  nowMs: number,
): boolean {
  const { mode, maxChangesPerHour, rules } = catalog().automation;
  const rule = rules.find(({ name }) => name === decision.rule);
  if (rule === undefined || stricterMode(mode, rule.mode) !== "act") return false;
  if (stopOf(directives, nowMs) !== null) return false;
  if (changesOf(directives, nowMs).length >= maxChangesPerHour) return false;
  const same = directives
    .all()
    .map((record) => record.directive)
    .filter((other) => sameInstruction(other, directive));
  if (same.filter(({ issuedAt }) => issuedAt > nowMs - DAY_MS).length >= MAX_SAME_A_DAY) return false;
  return !same.some(({ id, issuedAt }) => id !== directive.id && issuedAt >= directive.issuedAt);
}
