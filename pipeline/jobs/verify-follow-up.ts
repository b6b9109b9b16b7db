import type { Directive, DirectiveRecord } from "../../models/domain/directive.ts";
import { type DecisionId, decisionId, directiveId } from "../../models/domain/ids.ts";
import { directiveOnceMore, mayGoOn } from "../../models/rules/go-on.ts";
import type { VerdictOfEffect } from "../../models/rules/verify.ts";
import type { JobDeps } from "../job.ts";
import type { DecisionRow } from "./decision-row.ts";
import type { KeptDecision } from "./verify-read.ts";

export interface FollowUp {
  readonly row: DecisionRow;
  readonly directive: Directive;
}

interface Verified {
  readonly decision: KeptDecision;
  readonly record: DirectiveRecord;
  readonly verdict: VerdictOfEffect["verdict"];
}

/**
 * The same directive once more, as a decision of its own, which is verified like the first: for all users, when it was tried on a
 * share of them, and for as long as it was issued for. Null when the automation may not: it has changed enough in the last hour, it
 * is stopped or needs a person for each step, or somebody has issued the same already.
 */
export function followUp(
  { catalog, directory, newId }: JobDeps,
  { decision, record, verdict }: Verified,
  nowMs: number,
): FollowUp | null {
  const goingOn = { directive: record.directive, ruleName: decision.rule, reason: decision.reason, verdict };
  if (!mayGoOn(catalog(), directory.directives, goingOn, nowMs)) return null;
  const id: DecisionId = decisionId.parse(newId());
  const ids = { decision: () => id, directive: () => directiveId.parse(newId()) };
  const directive = directiveOnceMore(goingOn, ids, nowMs);
  const { reason } = directive;
  const row: DecisionRow = {
    ...decision,
    id,
    ts: nowMs,
    outcome: "fired",
    reason,
    directive_id: directive.id,
  };
  return { row, directive };
}
