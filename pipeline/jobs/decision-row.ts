import type { Catalog } from "../../models/domain/catalog.ts";
import type { Directive } from "../../models/domain/directive.ts";
import type { ChainStage } from "../../models/rules/decision-chain.ts";
import { type EndedDecision, isEnded, type JudgedDecision } from "../../models/rules/decision-state.ts";
import type { PredictedEffect } from "../../models/rules/effect.ts";
import type { RuleDecision } from "../../models/rules/evaluate.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { appendToChain } from "../decision-chain.ts";
import { NO_DIRECTIVE } from "./rule-memory.ts";

/** A decision with the id under which it is kept, and the directive that it leads to. */
export interface DecisionCase {
  readonly id: string;
  readonly decision: RuleDecision;
  /** What it should change; null = not simulated. */
  readonly predicted: PredictedEffect | null;
  readonly directive: Directive | null;
  readonly reason: string;
}

/** A row of the table `decisions`; documents are JSON, empty = none. */
export interface DecisionRow {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly ts: number;
  readonly rule: string;
  readonly priority: string;
  readonly mode: string;
  readonly condition: string;
  readonly inputs: string;
  readonly estimates: string;
  readonly outcome: RuleDecision["outcome"]["kind"];
  readonly reason: string;
  readonly action: string;
  readonly instruction: string;
  readonly directive_id: string;
  readonly simulated_effect: string;
  readonly guard_rails: string;
  readonly catalog_version: string;
}

/** A decision of which it is known what came of it. */
export interface VerifiedRow extends Omit<DecisionRow, "outcome"> {
  readonly outcome: string;
  readonly verified_at: number;
  readonly verified_effect: string;
  readonly verdict: string;
  /** Who took it back; empty, 0: nobody. */
  readonly revoked_by: string;
  readonly revoked_at: number;
  readonly revoke_reason: string;
}

/** What became of a decision, as its row keeps it. */
export function stateColumns(state: JudgedDecision | EndedDecision) {
  return isEnded(state)
    ? { verdict: state.kind, revoked_by: state.by, revoked_at: state.ts, revoke_reason: state.reason }
    : { verdict: state.kind, revoked_by: "", revoked_at: 0, revoke_reason: "" };
}

export function decisionRow(
  { id, decision, predicted, directive, reason }: DecisionCase,
  catalog: Catalog,
  nowMs: number,
): DecisionRow {
  const { rule, outcome, inputs, estimates = {} } = decision;
  const instruction = "instruction" in outcome ? outcome.instruction : null;
  return {
    id,
    ts: nowMs,
    rule: rule.name,
    priority: rule.priority,
    mode: catalog.automation.mode,
    condition: rule.when,
    inputs: JSON.stringify(inputs),
    estimates: JSON.stringify(estimates),
    outcome: outcome.kind,
    reason,
    action: JSON.stringify(rule.then),
    instruction: instruction === null ? "" : JSON.stringify(instruction),
    directive_id: directive?.id ?? NO_DIRECTIVE,
    simulated_effect: predicted === null ? "" : JSON.stringify(predicted),
    guard_rails: "checks" in outcome ? JSON.stringify(outcome.checks) : "",
    catalog_version: catalog.version,
  };
}

export interface WriteOptions {
  readonly stage: ChainStage;
  readonly nowMs: number;
}

/** Keeps decisions as they are now, and the same in the history that cannot be changed unseen. */
export async function writeDecisions(
  warehouse: Warehouse,
  rows: readonly (DecisionRow | VerifiedRow)[],
  { stage, nowMs }: WriteOptions,
): Promise<void> {
  await appendToChain(
    warehouse,
    rows.map((row) => ({ ts: nowMs, decision_id: row.id, stage, document: JSON.stringify(row) })),
  );
  await warehouse.insert("decisions", rows);
}

/** The same decision when its directive could not be written to the log. */
export function unissuedRow(row: DecisionRow): DecisionRow {
  const reason = `${row.reason}: the directive could not be written to the event log`;
  return { ...row, outcome: "blocked", reason, directive_id: NO_DIRECTIVE };
}
