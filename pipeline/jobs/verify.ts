import type { DirectiveEvent, DirectiveRecord } from "../../models/domain/directive.ts";
import { ruleNamed } from "../../models/rules/learning/learned-rule.ts";
import { planVerification } from "../../models/rules/plan-verification.ts";
import { judgeOutcome, type VerdictOfEffect } from "../../models/rules/verify.ts";
import type { Job, JobDeps } from "../job.ts";
import { issuedEvent, recordDirectives } from "../record-event.ts";
import { type DecisionRow, type VerifiedRow, writeDecisions } from "./decision-row.ts";
import { followUp } from "./verify-follow-up.ts";
import { readSpan, readUnverified, type UnverifiedDecision } from "./verify-read.ts";

const BY = { type: "rule", name: "verification" } as const;

/**
 * Looks at what came of each directive of the automation: before against since, and against the users on whom it was not tried.
 * One that does harm is revoked at once; one whose time of verification is over gets its verdict: what was tried on a share of the
 * users without harm is then for all, and what has helped and is about to end goes on once more.
 */
export const verifyDecisions: Job = async (deps, dueAtMs) => {
  await deps.directory.catchUp("directives");
  const conclusions: Conclusion[] = [];
  for (const decision of await readUnverified(deps.warehouse, dueAtMs)) {
    const record = deps.directory.directives.get(decision.directive_id);
    // Never issued: the process died in between. There is nothing that could have had an effect.
    if (record === undefined) continue;
    const found = await verifyOne(deps, { decision, record }, dueAtMs);
    if (found.verdict !== "undecided") conclusions.push(conclude(deps, { decision, record, found }, dueAtMs));
  }
  await carryOut(deps, conclusions, dueAtMs);
  const verified = conclusions.map(({ row }) => row);
  for (const { rule, verdict, verified_effect: effect } of verified) {
    deps.logger.warn({ rule, verdict, effect }, "a decision of the automation was verified");
  }
  const summary = verified.map(({ rule, verdict }) => `${rule} ${verdict}`).join(", ");
  return {
    summary: summary === "" ? "there is nothing to verify" : summary,
    notable: verified.length > 0,
    details: { verdicts: Object.fromEntries(verified.map(({ id, verdict }) => [id, verdict])) },
  };
};

interface Verifiable {
  readonly decision: UnverifiedDecision;
  readonly record: DirectiveRecord;
}

interface Conclusion {
  readonly row: VerifiedRow;
  /** The decision to go on with it; null: it does not go on. */
  readonly next: DecisionRow | null;
  readonly events: readonly DirectiveEvent[];
}

async function verifyOne(
  { warehouse, catalog }: JobDeps,
  { decision, record }: Verifiable,
  nowMs: number,
): Promise<VerdictOfEffect> {
  const rule = ruleNamed(catalog(), decision.rule);
  const plan = planVerification(record, { rule, tiers: catalog().tiers }, nowMs);
  const { share, tier, purpose, isOver, endsSoon } = plan;
  const [before, after] = await Promise.all([
    readSpan(warehouse, { ...plan.before, share, tier }),
    readSpan(warehouse, { ...plan.after, share, tier }),
  ]);
  return judgeOutcome({
    before: before.tried,
    after: after.tried,
    control: share < 1 ? { before: before.others, after: after.others } : null,
    predicted: decision.predicted,
    purpose,
    isOver,
    endsSoon,
  });
}

function conclude(
  deps: JobDeps,
  { decision, record, found }: Verifiable & { readonly found: VerdictOfEffect },
  nowMs: number,
): Conclusion {
  const { predicted: _, ...row } = decision;
  const goesOn = found.verdict === "extended" || found.verdict === "widened";
  const next = goesOn ? followUp(deps, { decision: row, record, verdict: found.verdict }, nowMs) : null;
  const verdict = goesOn && next === null ? "kept" : found.verdict;
  const effect = { ...found.measured, harms: found.harms, next: next?.directive.id ?? null };
  const isActive = record.revoked === null && record.directive.expiresAt > nowMs;
  const revoke = (reason: string): DirectiveEvent[] =>
    isActive ? [{ type: "revoked", id: record.directive.id, by: BY, reason, ts: nowMs }] : [];
  const events: DirectiveEvent[] = [
    ...(next === null ? [] : [issuedEvent(next.directive)]),
    ...(verdict === "rolled-back" ? revoke(`rolled back: ${found.harms.join(", ")}`) : []),
    ...(verdict === "widened" ? revoke("holds for all users from now on") : []),
  ];
  return {
    row: { ...row, verified_at: nowMs, verified_effect: JSON.stringify(effect), verdict },
    next: next?.row ?? null,
    events,
  };
}

/**
 * The act comes first: a harmful directive must go even when the warehouse cannot be written. What is done twice after a crash is
 * done once: a second revocation changes nothing, and what goes on already is not sent on again.
 */
async function carryOut(deps: JobDeps, conclusions: readonly Conclusion[], nowMs: number): Promise<void> {
  if (conclusions.length === 0) return;
  const events = conclusions.flatMap((one) => one.events);
  if (events.length > 0) await recordDirectives(deps, events);
  const rows = conclusions.map(({ row }) => row);
  await writeDecisions(deps.warehouse, rows, { stage: "verified", nowMs });
  const next = conclusions.flatMap((one) => one.next ?? []);
  if (next.length > 0) await writeDecisions(deps.warehouse, next, { stage: "decided", nowMs });
}
