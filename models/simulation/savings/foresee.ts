import type { Catalog } from "../../domain/catalog.ts";
import type { Directive, DirectiveInstruction } from "../../domain/directive.ts";
import { foldControls } from "../../policy/controls.ts";
import { type PredictedEffect, predictedEffect } from "../../rules/effect.ts";
import type { IssueIds } from "../../rules/issue-directive.ts";
import { compareControls } from "../counterfactual.ts";
import type { PastRequest } from "../past-request.ts";

export interface Foreseen {
  readonly instruction: DirectiveInstruction;
  readonly catalog: Catalog;
  readonly active: readonly Directive[];
  /** The last day. */
  readonly past: readonly PastRequest[];
  readonly costBias: number;
}

const DAY_MS = 24 * 3_600_000;

/** What the last day would have been like under one more directive, as before every decision; null = there were no requests. */
export function foresee(
  { instruction, catalog, active, past, costBias }: Foreseen,
  ids: IssueIds,
  nowMs: number,
): PredictedEffect | null {
  if (past.length === 0) return null;
  const provisional: Directive = {
    id: ids.directive(),
    issuedBy: { type: "rule", name: "simulation" },
    reason: "simulation",
    evidence: null,
    issuedAt: nowMs,
    expiresAt: nowMs + DAY_MS,
    ...instruction,
  };
  const recorded = foldControls(catalog, active);
  const proposed = foldControls(catalog, [...active, provisional]);
  return predictedEffect(compareControls(past, { recorded, proposed }), costBias);
}
