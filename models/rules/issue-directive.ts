import type { Directive } from "../domain/directive.ts";
import type { DecisionId, DirectiveId } from "../domain/ids.ts";
import type { RuleDecision } from "./evaluate.ts";
import { explainDecision } from "./explain.ts";

const MINUTE_MS = 60_000;

export interface IssueIds {
  decision(): DecisionId;
  directive(): DirectiveId;
}

/** A decision with its name and reason, and the directive that it leads to; null = to none. */
export function issueDirective(decision: RuleDecision, ids: IssueIds, nowMs: number) {
  const { rule, outcome } = decision;
  const id = ids.decision();
  const reason = explainDecision(decision);
  if (outcome.kind !== "fired" || outcome.instruction === null) return { id, reason, directive: null };
  const directive: Directive = {
    id: ids.directive(),
    issuedBy: { type: "rule", name: rule.name },
    reason,
    evidence: id,
    issuedAt: nowMs,
    expiresAt: nowMs + Math.round(rule.expiresMinutes * MINUTE_MS),
    ...(rule.rolloutShare < 1 && { share: rule.rolloutShare }),
    ...outcome.instruction,
  };
  return { id, reason, directive };
}
