import { type ASTNode, Environment, EvaluationError, ParseError } from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";
import { boundSteps, MAX_CONDITION_STEPS, nodesWithin } from "./condition-cost.ts";
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
  const read = readExpression(environment, text);
  if (typeof read === "string") return { ok: false, problem: read };
  const checked = read.check();
  if (!checked.valid) return { ok: false, problem: explainProblem(checked.error?.summary) };
  if (checked.type !== "bool") {
    return {
      ok: false,
      problem: `must be true or false, but is a ${checked.type ?? "value of unknown type"}`,
    };
  }
  const problem = findBadPattern(read.ast) ?? findTooManySteps(read.ast);
  if (problem !== null) return { ok: false, problem };
  const metrics = metricsIn(read.ast);
  const evaluate = (values: MetricValues): ConditionResult => {
    const unknown = metrics.find((metric) => values[metric] === null);
    if (unknown !== undefined) return { known: false, metric: unknown };
    try {
      return { known: true, holds: read({ ...values }) === true };
    } catch (error) {
      // Whatever it is, it is this rule's: the others go on.
      return { known: "error", message: error instanceof EvaluationError ? error.summary : String(error) };
    }
  };
  return { ok: true, condition: { text, metrics, evaluate } };
}

type Expression = ReturnType<Environment["parse"]>;

/**
 * The expression with each `matches` as {@link LINEAR_MATCHES}: the package's own takes exponential time for some patterns, and
 * cannot be replaced under its name. What is wrong with it, if it cannot be read.
 */
function readExpression(environment: Environment, text: string): Expression | string {
  try {
    const read = environment.parse(text);
    const calls = nodesWithin(read.ast).flatMap(matchesCall);
    if (calls.length === 0) return read;
    let rewritten = text;
    for (const { from, until } of calls.sort((a, b) => b.from - a.from)) {
      const at = text.slice(0, until).lastIndexOf("matches");
      if (at < from) return "calls matches in a way that cannot be read";
      rewritten = `${rewritten.slice(0, at)}${LINEAR_MATCHES}${rewritten.slice(at + "matches".length)}`;
    }
    const linear = environment.parse(rewritten);
    const isLeft = nodesWithin(linear.ast).flatMap(matchesCall).length > 0;
    return isLeft ? "calls matches in a way that cannot be read" : linear;
  } catch (error) {
    if (error instanceof ParseError) return explainProblem(error.summary);
    throw error;
  }
}

const LINEAR_MATCHES = "matchesInLinearTime";

/** Between which places of the text the name of such a call stands. */
function matchesCall(node: ASTNode): { readonly from: number; readonly until: number }[] {
  if (node.op !== "rcall" || node.args[0] !== "matches") return [];
  const [, receiver, [pattern]] = node.args;
  return [{ from: receiver.end, until: pattern?.start ?? node.end }];
}

function findBadPattern(root: ASTNode): string | null {
  for (const node of nodesWithin(root)) {
    if (node.op !== "rcall" || node.args[0] !== LINEAR_MATCHES) continue;
    const [pattern] = node.args[2];
    if (pattern?.op !== "value" || typeof pattern.args !== "string") continue;
    try {
      RE2JS.compile(pattern.args);
    } catch (error) {
      return `"${pattern.args}" is not a regular expression of RE2: ${String(error)}`;
    }
  }
  return null;
}

function findTooManySteps(root: ASTNode): string | null {
  const steps = boundSteps(root);
  if (steps <= MAX_CONDITION_STEPS) return null;
  const shown = Number.isFinite(steps) ? `could take ${steps.toPrecision(2)} steps` : "has no bound";
  return `${shown}, at most ${MAX_CONDITION_STEPS} steps are allowed: use shorter lists, or nest them less`;
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
  environment.registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, pattern: string) =>
    RE2JS.compile(pattern).matcher(text).find(),
  );
  return environment;
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

function explainProblem(summary = "is not a valid condition"): string {
  if (!summary.startsWith("Unknown variable")) return summary.replaceAll(LINEAR_MATCHES, "matches");
  return `${summary}; a condition may use: ${RULE_METRIC_NAMES.join(", ")}`;
}

function metricsIn(root: ASTNode): RuleMetric[] {
  const names = nodesWithin(root).flatMap((node) => (node.op === "id" ? [node.args] : []));
  return [...new Set(names.filter(isRuleMetric))];
}
