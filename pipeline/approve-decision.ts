import { type Directive, directiveInstruction } from "../models/domain/directive.ts";
import { PublicError } from "../models/domain/errors.ts";
import { decisionId, directiveId } from "../models/domain/ids.ts";
import type { Rule } from "../models/domain/rule.ts";
import { truncate } from "../models/domain/text.ts";
import { changesOf, stopOf } from "../models/rules/automation-state.ts";
import { MAX_REASON_LENGTH } from "../models/rules/explain.ts";
import { ruleNamed } from "../models/rules/learning/learned-rule.ts";
import type { ControlDeps } from "./control/control-deps.ts";
import { writeDecisions } from "./jobs/decision-row.ts";
import { type KeptDecision, readDecisionRow } from "./jobs/verify-read.ts";
import { issuedEvent, recordDirectives } from "./record-event.ts";

const MINUTE_MS = 60_000;

/** What an admin says to decisions that wait for approval. */
export interface Approvals {
  /** Issues the directive, from now on for as long as its rule says. */
  approve(id: string): Promise<Directive>;
  reject(id: string, reason: string): Promise<void>;
}

/**
 * Both throw PublicError when there is no such decision or it does not wait; an approval also when what it rests on is too old or
 * the automation may not act any more. One answer at a time to one decision: the second of two finds that it does not wait.
 */
export function openApprovals(deps: ControlDeps): Approvals {
  const answering = new Map<string, Promise<unknown>>();
  const inTurn = async <Result>(id: string, answer: () => Promise<Result>): Promise<Result> => {
    const before = answering.get(id) ?? Promise.resolve();
    const mine = before.then(answer, answer);
    answering.set(id, mine);
    try {
      return await mine;
    } finally {
      if (answering.get(id) === mine) answering.delete(id);
    }
  };
  return {
    approve: (id) => inTurn(id, () => approve(deps, id)),
    reject: (id, reason) => inTurn(id, () => reject(deps, id, reason)),
  };
}

async function approve(deps: ControlDeps, id: string): Promise<Directive> {
  const nowMs = deps.now();
  const row = await readWaiting(deps, id);
  const rule = checkStillInForce(deps, row, nowMs);
  const directive: Directive = {
    id: directiveId.parse(deps.newId()),
    issuedBy: { type: "rule", name: rule.name },
    reason: truncate(row.reason, MAX_REASON_LENGTH),
    evidence: decisionId.parse(row.id),
    issuedAt: nowMs,
    expiresAt: nowMs + lifetimeMsOf(rule),
    ...(rule.rolloutShare < 1 && { share: rule.rolloutShare }),
    ...directiveInstruction.parse(JSON.parse(row.instruction)),
  };
  const approved = { ...row, outcome: "fired", directive_id: directive.id, ...UNVERIFIED };
  await writeDecisions(deps.warehouse, [approved], { stage: "approved", nowMs });
  await recordDirectives(deps, [issuedEvent(directive)]);
  return directive;
}

async function reject(deps: ControlDeps, id: string, why: string): Promise<void> {
  const row = await readWaiting(deps, id);
  const reason = `${row.reason}; rejected: ${why}`;
  const rejected = { ...row, outcome: "rejected", reason, ...UNVERIFIED };
  await writeDecisions(deps.warehouse, [rejected], { stage: "rejected", nowMs: deps.now() });
}

const UNVERIFIED = {
  verified_at: 0,
  verified_effect: "",
  verdict: "",
  revoked_by: "",
  revoked_at: 0,
  revoke_reason: "",
} as const;

async function readWaiting({ warehouse }: ControlDeps, id: string): Promise<KeptDecision> {
  const row = await readDecisionRow(warehouse, id);
  if (row === null) throw new PublicError("not_found", `there is no decision "${id}"`);
  if (row.outcome === "awaiting-approval") return row;
  throw new PublicError("conflict", `decision "${id}" does not wait for approval: it is ${row.outcome}`);
}

function checkStillInForce({ catalog, directory }: ControlDeps, row: KeptDecision, nowMs: number): Rule {
  const { mode, maxChangesPerHour } = catalog().automation;
  const rule = ruleNamed(catalog(), row.rule);
  if (rule === undefined || mode === "off" || rule.mode === "off") {
    throw new PublicError("conflict", `rule "${row.rule}" is no longer in force`);
  }
  if (nowMs > row.ts + lifetimeMsOf(rule)) {
    const old = `decision "${row.id}" is too old: its rule acts for ${rule.expiresMinutes} minutes`;
    throw new PublicError("conflict", old);
  }
  if (stopOf(directory.directives, nowMs) !== null) {
    throw new PublicError("conflict", "the automation is stopped");
  }
  if (changesOf(directory.directives, nowMs).length >= maxChangesPerHour) {
    throw new PublicError("conflict", `rules have made ${maxChangesPerHour} changes in the last hour`);
  }
  return rule;
}

function lifetimeMsOf({ expiresMinutes }: Rule): number {
  return Math.round(expiresMinutes * MINUTE_MS);
}
