import type { Directive, DirectiveHistory } from "../domain/directive.ts";
import { HOUR_MS } from "./evaluate.ts";

/** Why the directives of rules are revoked when somebody stops the automation. */
export const AUTOMATION_STOPPED = "the automation was stopped";

/** The directive by which somebody has stopped the automation; null: it is not stopped. */
export function stopOf(directives: DirectiveHistory, nowMs: number): Directive | null {
  return directives.active(nowMs).find(({ kind }) => kind === "pause-automation") ?? null;
}

/** When rules issued directives in the last hour. */
export function changesOf(directives: DirectiveHistory, nowMs: number): number[] {
  return directives
    .all()
    .filter(({ directive }) => directive.issuedBy.type === "rule")
    .map(({ directive }) => directive.issuedAt)
    .filter((ms) => ms > nowMs - HOUR_MS);
}
