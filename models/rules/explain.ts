import { truncate } from "../domain/text.ts";
import type { RuleDecision } from "./evaluate.ts";

export const MAX_REASON_LENGTH = 500;

/** Why a rule decided as it did, in one line: `daily_spend > target_spend * 1.2 (daily_spend = 12.3, target_spend = 10)`. */
export function explainDecision({ rule, inputs, outcome, reason }: RuleDecision): string {
  const values = Object.entries(inputs).map(([name, value]) => `${name} = ${formatValue(value)}`);
  const facts = values.length === 0 ? "" : ` (${values.join(", ")})`;
  const text = `${reason ?? `${rule.when}${facts}`}${suffixOf(outcome)}`;
  return text.length <= MAX_REASON_LENGTH ? text : `${truncate(text, MAX_REASON_LENGTH - 1)}…`;
}

function suffixOf(outcome: RuleDecision["outcome"]): string {
  switch (outcome.kind) {
    case "unknown-metric":
      return `: not evaluated, unknown ${outcome.metric}`;
    case "condition-error":
      return `: ${outcome.message}`;
    case "blocked":
      return `: ${outcome.why}`;
    case "suppressed":
      return ": the same directive is in force already";
    default:
      return "";
  }
}

function formatValue(value: number | null | undefined): string {
  return value === null || value === undefined ? "unknown" : String(Number(value.toPrecision(6)));
}
