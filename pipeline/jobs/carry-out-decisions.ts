import { decisionId, directiveId } from "../../models/domain/ids.ts";
import { issueDirective } from "../../models/rules/issue-directive.ts";
import type { JobDeps } from "../job.ts";
import { issuedEvent, recordDirectives } from "../record-event.ts";
import type { SimulatedDecision } from "./decide-simulate.ts";
import { type DecisionCase, decisionRow, unissuedRow, writeDecisions } from "./decision-row.ts";

export function caseOf(
  { decision, predicted }: SimulatedDecision,
  { newId }: JobDeps,
  nowMs: number,
): DecisionCase {
  const ids = {
    decision: () => decisionId.parse(newId()),
    directive: () => directiveId.parse(newId()),
  };
  return { decision, predicted, ...issueDirective(decision, ids, nowMs) };
}

/**
 * The evidence is kept before the act, so that no directive is in force whose decision cannot be read.
 * When the act then fails, the evidence is corrected and the round counts as not done: the rules try again.
 */
export async function carryOut(deps: JobDeps, cases: readonly DecisionCase[], nowMs: number): Promise<void> {
  if (cases.length === 0) return;
  const catalog = deps.catalog();
  const rows = cases.map((one) => decisionRow(one, catalog, nowMs));
  await writeDecisions(deps.warehouse, rows, { stage: "decided", nowMs });
  const acting = cases.filter(({ directive }) => directive !== null);
  const events = acting.flatMap(({ directive }) => (directive === null ? [] : [issuedEvent(directive)]));
  if (events.length > 0) {
    try {
      await recordDirectives(deps, events);
    } catch (error) {
      const unissued = acting.map((one) => unissuedRow(decisionRow(one, catalog, nowMs)));
      await writeDecisions(deps.warehouse, unissued, { stage: "unissued", nowMs });
      throw error;
    }
  }
  for (const { decision, reason, directive } of cases.filter(
    ({ decision: { outcome } }) => outcome.kind === "fired",
  )) {
    deps.logger.warn({ rule: decision.rule.name, reason, directive }, "a rule of the automation fired");
  }
}
