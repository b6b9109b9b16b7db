import type { ASTNode } from "@marcbachmann/cel-js";

/** At most so many steps to evaluate a condition, whatever the metrics are: some milliseconds. */
export const MAX_CONDITION_STEPS = 20_000;

/**
 * The upper bound of the steps that evaluating a CEL expression takes. All that a condition is given are numbers, so the sizes of all
 * other values follow from its text: a list has as many elements as are written out, and a comprehension runs its body once for each.
 * What this does not know counts as without a bound.
 */
export function boundSteps(root: ASTNode): number {
  return boundNode(root, new Map()).steps;
}

interface Bound {
  /** Of the value, with all that it holds: characters and elements. */
  readonly size: number;
  readonly steps: number;
}

/** Sizes of the values that comprehensions and `cel.bind` give a name. */
type Names = ReadonlyMap<string, number>;

const SCALAR_SIZE = 1;
/** A number or a time written out. */
const TEXT_OF_SCALAR_SIZE = 32;
/** A character is at most four bytes; two hexadecimal digits are a byte. */
const MOST_GROWTH = 4;
const UNBOUNDED: Bound = { size: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY };

const COMPREHENSIONS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);
/** They answer with a number, a truth value or a time. */
const SCALAR_FUNCTIONS: ReadonlySet<string> = new Set(
  "has size bool double int uint startsWith endsWith contains indexOf lastIndexOf matchesInLinearTime at".split(
    " ",
  ),
);

function boundNode(node: ASTNode, names: Names): Bound {
  switch (node.op) {
    case "value":
      return { size: sizeOfLiteral(node.args), steps: 1 };
    case "id":
      return { size: names.get(node.args) ?? SCALAR_SIZE, steps: 1 };
    case "list":
    case "map":
    case "?:":
    case "&&":
    case "||":
    case "+":
      return boundTogether(nodesIn(node.args), names);
    case "call":
      return boundCall(node.args[0], node.args[1], names);
    case "rcall":
      return boundMethod(node.args, names);
    case ".":
    case "[]":
    case "in":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "-":
    case "*":
    case "/":
    case "%":
    case "!_":
    case "-_":
      return boundOperation(nodesIn(node.args), names);
    default:
      return UNBOUNDED;
  }
}

/** Its parts, one after another, and a value that holds them all. */
function boundTogether(parts: readonly ASTNode[], names: Names): Bound {
  const bounds = parts.map((part) => boundNode(part, names));
  const size = sum(bounds.map((bound) => bound.size)) + bounds.length + 1;
  return { size, steps: sum(bounds.map((bound) => bound.steps)) + size };
}

/** Each of what one side holds against each of what the other holds, and a value that is part of one of them. */
function boundOperation(parts: readonly ASTNode[], names: Names): Bound {
  const bounds = parts.map((part) => boundNode(part, names));
  const sizes = bounds.map((bound) => bound.size);
  return {
    size: Math.max(SCALAR_SIZE, ...sizes),
    steps: sum(bounds.map((bound) => bound.steps)) + product(sizes),
  };
}

function boundCall(name: string, args: readonly ASTNode[], names: Names): Bound {
  const { steps } = boundOperation(args, names);
  if (SCALAR_FUNCTIONS.has(name)) return { size: SCALAR_SIZE, steps };
  const sizes = args.map((arg) => boundNode(arg, names).size);
  const size = name === "join" ? product(sizes) : MOST_GROWTH * sum(sizes);
  return { size: TEXT_OF_SCALAR_SIZE + size, steps };
}

function boundMethod(
  [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
  names: Names,
): Bound {
  const [first, second, third] = args;
  if (COMPREHENSIONS.has(name) && first?.op === "id" && second !== undefined) {
    return boundComprehension(name, { receiver, named: first.args, body: args.slice(1) }, names);
  }
  if (name === "bind" && first?.op === "id" && second !== undefined && third !== undefined) {
    const value = boundNode(second, names);
    const result = boundNode(third, new Map([...names, [first.args, value.size]]));
    return { size: result.size, steps: value.steps + result.steps };
  }
  return boundCall(name, [receiver, ...args], names);
}

interface Comprehension {
  readonly receiver: ASTNode;
  readonly named: string;
  readonly body: readonly ASTNode[];
}

function boundComprehension(name: string, { receiver, named, body }: Comprehension, names: Names): Bound {
  const over = boundNode(receiver, names);
  const each = boundTogether(body, new Map([...names, [named, over.size]]));
  const steps = over.steps + over.size * each.steps;
  if (name === "map") return { size: over.size * each.size, steps };
  return { size: name === "filter" ? over.size : SCALAR_SIZE, steps };
}

function sizeOfLiteral(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length + 1;
  return SCALAR_SIZE;
}

/** A node and all below it, in the order of the text. */
export function nodesWithin(node: ASTNode): ASTNode[] {
  return [node, ...nodesIn(node.args).flatMap(nodesWithin)];
}

function nodesIn(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn);
  return isNode(args) ? [args] : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total * (1 + one), 1);
}
