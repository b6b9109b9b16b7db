import { type ASTNode, Environment, EvaluationError, type TypeCheckResult } from "@marcbachmann/cel-js";
import { isRuleMetric, type MetricValues, RULE_METRIC_NAMES, type RuleMetric } from "./metrics.ts";

/** A rule's condition, checked: a CEL expression over the metrics that answers true or false. */
export interface Condition {
  readonly text: string;
  /** What it reads, in the order of first use. */
  readonly metrics: readonly RuleMetric[];
  evaluate(values: MetricValues): ConditionResult;
}

export type ConditionResult =
  | { readonly known: true; readonly holds: boolean }
  /** A metric that it reads has no value now. */
  | { readonly known: false; readonly metric: RuleMetric }
  /** It cannot be computed, such as a division of integers by zero. */
  | { readonly known: "error"; readonly message: string };

/** The bound of a condition's size, so that evaluating one is always cheap. */
const MAX_CONDITION_NODES = 200;
const MAX_CONDITION_DEPTH = 30;

/** What is wrong with a condition, for the operator who wrote it; null = nothing. */
export function checkCondition(text: string): string | null {
  const parsed = parseCondition(text);
  return parsed.ok ? null : parsed.problem;
}

export function parseCondition(
  text: string,
): { readonly ok: true; readonly condition: Condition } | { readonly ok: false; readonly problem: string } {
  const environment = conditionEnvironment();
  const checked = environment.check(text);
  if (!checked.valid) return { ok: false, problem: problemOf(checked.error) };
  if (checked.type !== "bool") {
    return {
      ok: false,
      problem: `must be true or false, but is a ${checked.type ?? "value of unknown type"}`,
    };
  }
  const parsed = environment.parse(text);
  const metrics = metricsIn(parsed.ast);
  const evaluate = (values: MetricValues): ConditionResult => {
    const unknown = metrics.find((metric) => values[metric] === null);
    if (unknown !== undefined) return { known: false, metric: unknown };
    try {
      return { known: true, holds: parsed({ ...values }) === true };
    } catch (error) {
      if (error instanceof EvaluationError) return { known: "error", message: error.summary };
      throw error;
    }
  };
  return { ok: true, condition: { text, metrics, evaluate } };
}

/**
 * CEL has no arithmetic between integers and doubles, so `target_spend * 2` would be refused;
 * operators write such things, so the mixed forms are added. Comparisons are mixed already.
 */
function conditionEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    limits: { maxAstNodes: MAX_CONDITION_NODES, maxDepth: MAX_CONDITION_DEPTH },
  });
  for (const name of RULE_METRIC_NAMES) environment.registerVariable(name, "double");
  for (const [sign, compute] of Object.entries(ARITHMETIC)) {
    environment.registerOperator(`double ${sign} int: double`, (a: number, b: bigint) =>
      compute(a, Number(b)),
    );
    environment.registerOperator(`int ${sign} double: double`, (a: bigint, b: number) =>
      compute(Number(a), b),
    );
  }
  environment.registerOperator("double == int", (a: number, b: bigint) => a === Number(b));
  return environment;
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

function problemOf(error: TypeCheckResult["error"]): string {
  const summary = error?.summary ?? "is not a valid condition";
  if (!summary.startsWith("Unknown variable")) return summary;
  return `${summary}; a condition may use: ${RULE_METRIC_NAMES.join(", ")}`;
}

function metricsIn(root: ASTNode): RuleMetric[] {
  const found = new Set<RuleMetric>();
  const pending: unknown[] = [root];
  for (let node = pending.shift(); node !== undefined; node = pending.shift()) {
    if (Array.isArray(node)) pending.unshift(...node);
    else if (isNode(node)) {
      if (node.op === "id" && typeof node.args === "string" && isRuleMetric(node.args)) found.add(node.args);
      else pending.unshift(node.args);
    }
  }
  return [...found];
}

function isNode(value: unknown): value is { op: string; args: unknown } {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}
