import type { DirectiveEvent, DirectiveRecord } from "../../models/domain/directive.ts";
import {
  type EndedDecision,
  endByRevocation,
  findEnd,
  isEnded,
  judgeTrial,
  type OnTrial,
  VERIFICATION,
} from "../../models/rules/decision-state.ts";
import { ruleNamed } from "../../models/rules/learning/learned-rule.ts";
import { planVerification } from "../../models/rules/plan-verification.ts";
import { judgeOutcome, type VerdictOfEffect } from "../../models/rules/verify.ts";
import type { Job, JobDeps } from "../job.ts";
import { issuedEvent, recordDirectives } from "../record-event.ts";
import { type DecisionRow, stateColumns, type VerifiedRow, writeDecisions } from "./decision-row.ts";
import { followUp } from "./verify-follow-up.ts";
import { type OpenDecision, readOpenDecisions, readSpan } from "./verify-read.ts";

/**
 * Looks at what came of each directive of the automation: before against since, and against the users on whom it was not tried.
 * One that does harm is revoked at once; one whose time of verification is over gets its verdict: what was tried on a share of the
 * users without harm is then for all, and what has helped and is about to end goes on once more. What somebody took back is over,
 * whatever its effect was.
 */
export const verifyDecisions: Job = async (deps, dueAtMs) => {
  await deps.directory.catchUp("directives");
  const { directives } = deps.directory;
  const conclusions: Conclusion[] = [];
  for (const open of await readOpenDecisions(deps.warehouse, revokedIds(deps), dueAtMs)) {
    const record = directives.get(open.decision.directive_id);
    // Never issued: the process died in between. There is nothing that could have had an effect.
    if (record === undefined) continue;
    const conclusion = await verifyOne(deps, { ...open, record }, dueAtMs);
    if (conclusion !== null) conclusions.push(conclusion);
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

interface Verifiable extends OpenDecision {
  readonly record: DirectiveRecord;
}

interface Conclusion {
  readonly row: VerifiedRow;
  /** The decision to go on with it; null: it does not go on. */
  readonly next: DecisionRow | null;
  readonly events: readonly DirectiveEvent[];
}

function revokedIds({ directory }: JobDeps): string[] {
  return directory.directives
    .all()
    .filter((record) => record.directive.issuedBy.type === "rule" && findEnd(record) !== null)
    .map(({ directive }) => directive.id);
}

/** Null: nothing new is known of it. */
async function verifyOne(deps: JobDeps, one: Verifiable, nowMs: number): Promise<Conclusion | null> {
  const { decision, record, state } = one;
  const end = findEnd(record);
  if (state.kind !== "on-trial") {
    if (end === null) return null;
    return endedConclusion(decision, endByRevocation(state, end), one.verifiedEffect, nowMs);
  }
  const found = await judgeEffect(deps, one, nowMs);
  if (end === null) return conclude(deps, { ...one, state, found }, nowMs);
  const effect = JSON.stringify({ ...found.measured, harms: found.harms, next: null });
  return endedConclusion(decision, endByRevocation(state, end), effect, nowMs);
}

async function judgeEffect(
  { warehouse, catalog }: JobDeps,
  { decision, record, predicted }: Verifiable,
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
    predicted,
    purpose,
    isOver,
    endsSoon,
  });
}

interface Judged extends Verifiable {
  readonly state: OnTrial;
  readonly found: VerdictOfEffect;
}

function conclude(
  deps: JobDeps,
  { decision, record, state: before, found }: Judged,
  nowMs: number,
): Conclusion | null {
  const isWorthMore = found.verdict === "extended" || found.verdict === "widened";
  const next = isWorthMore ? followUp(deps, { decision, record, verdict: found.verdict }, nowMs) : null;
  const state = judgeTrial(before, found, { goesOn: next !== null, nowMs });
  if (state.kind === "on-trial") return null;
  const effect = { ...found.measured, harms: found.harms, next: next?.directive.id ?? null };
  const { id, expiresAt } = record.directive;
  const events: DirectiveEvent[] = [
    ...(next === null ? [] : [issuedEvent(next.directive)]),
    ...(isEnded(state) && expiresAt > nowMs
      ? [{ type: "revoked" as const, id, by: VERIFICATION, reason: state.reason, ts: state.ts }]
      : []),
  ];
  return {
    row: {
      ...decision,
      verified_at: nowMs,
      verified_effect: JSON.stringify(effect),
      ...stateColumns(state),
    },
    next: next?.row ?? null,
    events,
  };
}

function endedConclusion(
  decision: OpenDecision["decision"],
  state: EndedDecision,
  effect: string,
  nowMs: number,
): Conclusion {
  const row = { ...decision, verified_at: nowMs, verified_effect: effect, ...stateColumns(state) };
  return { row, next: null, events: [] };
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
