import type { Catalog } from "../domain/catalog.ts";
import type { Directive, DirectiveHistory } from "../domain/directive.ts";
import { truncate } from "../domain/text.ts";
import { changesOf, stopOf } from "./automation-state.ts";
import { stricterMode } from "./evaluate.ts";
import { MAX_REASON_LENGTH } from "./explain.ts";
import type { IssueIds } from "./issue-directive.ts";
import { sameInstruction } from "./same-instruction.ts";
import type { VerdictOfEffect } from "./verify.ts";

const DAY_MS = 86_400_000;
/** What has helped goes on, but not for ever: then its rule has to fire anew. */
const MAX_SAME_A_DAY = 6;

export interface GoingOn {
  readonly directive: Directive;
  readonly ruleName: string;
  /** Why the first one was issued. */
  readonly reason: string;
  readonly verdict: VerdictOfEffect["verdict"];
}

/** Whether the automation may issue a directive once more, after it was verified. */
export function mayGoOn(
  { automation }: Pick<Catalog, "automation">,
  directives: DirectiveHistory,
  { directive, ruleName }: Pick<GoingOn, "directive" | "ruleName">,
  nowMs: number,
): boolean {
  const { mode, maxChangesPerHour, rules } = automation;
  const rule = rules.find(({ name }) => name === ruleName);
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

/** The same directive once more, from now on for as long as before, and for all users. */
export function directiveOnceMore(
  { directive, reason: before, verdict }: GoingOn,
  ids: IssueIds,
  nowMs: number,
): Directive {
  const why = verdict === "widened" ? "did no harm to those it was tried on" : "has helped";
  const { share: _, ...forAll } = directive;
  return {
    ...forAll,
    id: ids.directive(),
    evidence: ids.decision(),
    reason: truncate(`goes on, because it ${why}: ${before}`, MAX_REASON_LENGTH),
    issuedAt: nowMs,
    expiresAt: nowMs + (directive.expiresAt - directive.issuedAt),
  };
}
