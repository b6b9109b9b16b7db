import { isAllowedFunction, isAllowedTableFunction } from "./allowed-functions.ts";

/**
 * Decides over a query by its syntax tree, as `EXPLAIN AST` prints it: one node a line, a space a level, and how many children a node has.
 * Only kinds of nodes and functions that are listed pass. So comments, letter case, aliases, sub-queries and parameters get around nothing:
 * the engine's own parser has resolved them, and what neither list knows is refused.
 */
export function checkSyntaxTree(printed: string, names: { isFunction(name: string): boolean }): Verdict {
  const lines = printed.split("\n").filter((line) => line !== "");
  const nodes = lines.map(readNode);
  const [root] = nodes;
  if (root === undefined || !ROOTS.has(root.kind)) return refuse("this kind of statement is not for readers");
  if (!isComplete(nodes)) return refuse("its syntax tree cannot be read");
  const ancestors: Node[] = [];
  for (const node of nodes) {
    ancestors.length = node.depth;
    const reason = refusalOf(node, ancestors.at(-1) ?? null, names);
    if (reason !== null) return refuse(reason);
    ancestors.push(node);
  }
  return hasUncheckedSettings(nodes)
    ? refuse("SETTINGS are allowed once, at the end of a query that is not a UNION")
    : { allowed: true };
}

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/**
 * The words that a reader's statement may begin with, after comments. Checked before `EXPLAIN AST` is put in front: nothing else may become
 * a part of it.
 */
const BEGINNING =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:\(|(?:SELECT|WITH|FROM|SHOW|DESC|DESCRIBE|EXISTS|EXPLAIN)\b)/i;
/** The syntax tree of SHOW does not have its conditions, so only these forms pass: names, a LIKE, and nothing to compute. */
const SHOW =
  /^\s*SHOW\s+(?:FULL\s+)?(?:DATABASES|TABLES|COLUMNS)(?:\s+(?:FROM|IN)\s+[\w.`"]+){0,2}(?:\s+(?:NOT\s+)?I?LIKE\s+'[^'\\]*')?(?:\s+LIMIT\s+\d+)?(?:\s+FORMAT\s+\w+)?\s*;?\s*$/i;

export function checkBeginning(sql: string): Verdict {
  return BEGINNING.test(sql) ? { allowed: true } : refuse("this kind of statement is not for readers");
}

/** For statements whose syntax tree hides a part of them. */
export function checkShow(sql: string, printed: string): Verdict {
  if (!/^Show(?:Tables|Columns)\b/.test(printed) || SHOW.test(sql)) return { allowed: true };
  return refuse(
    "of SHOW, readers may use DATABASES, TABLES and COLUMNS with LIKE; ask system.tables for more",
  );
}

interface Node {
  readonly depth: number;
  readonly kind: string;
  /** What follows the kind: a function's or an identifier's name. */
  readonly name: string;
  readonly children: number;
}

const ROOTS: ReadonlySet<string> = new Set([
  "SelectWithUnionQuery",
  "DescribeQuery",
  "ExistsTableQuery",
  "ExistsViewQuery",
  "ShowCreateTableQuery",
  "ShowCreateViewQuery",
  "ShowTables",
  "ShowColumns",
  "Explain",
]);

/** Not among them: `ColumnsApplyTransformer`, whose function the tree does not show, and everything that writes. */
const INNER_KINDS: ReadonlySet<string> = new Set([
  "ArrayJoin",
  "Asterisk",
  "ColumnsExceptTransformer",
  "ColumnsListMatcher",
  "ColumnsRegexpMatcher",
  "ColumnsReplaceTransformer",
  "ColumnsReplaceTransformer::Replacement",
  "ColumnsTransformerList",
  "ExpressionList",
  "Function",
  "Identifier",
  "InterpolateElement",
  "Literal",
  "OrderByElement",
  "QualifiedAsterisk",
  "QualifiedColumnsListMatcher",
  "QualifiedColumnsRegexpMatcher",
  "SampleRatio",
  "SelectIntersectExceptQuery",
  "SelectQuery",
  "SelectWithUnionQuery",
  "Set",
  "Subquery",
  "TableExpression",
  "TableIdentifier",
  "TableJoin",
  "TablesInSelectQuery",
  "TablesInSelectQueryElement",
  "WindowDefinition",
  "WindowListElement",
  "WithElement",
]);

/** A name that has " (" in it is cut; no function has such a name, so none gets by. */
function readNode(line: string): Node {
  const text = line.trimStart();
  const children = / \(children (\d+)\)$/.exec(text)?.[1] ?? "0";
  const [kind = "", ...rest] = (text.split(" (", 1)[0] ?? "").split(" ");
  return { depth: line.length - text.length, kind, name: rest.join(" "), children: Number(children) };
}

/** Each node has as many children as it says: nothing was cut off, and no name pretends to be a line. */
function isComplete(nodes: readonly Node[]): boolean {
  const missing: number[] = [];
  for (const { depth, children } of nodes) {
    if (depth > missing.length || missing.slice(depth).some((count) => count !== 0)) return false;
    missing.length = depth;
    if (depth > 0) {
      const left = missing[depth - 1] ?? 0;
      if (left === 0) return false;
      missing[depth - 1] = left - 1;
    }
    missing.push(children);
  }
  return missing.every((count) => count === 0) && nodes.filter(({ depth }) => depth === 0).length === 1;
}

function refusalOf(
  { kind, name }: Node,
  parent: Node | null,
  names: { isFunction(name: string): boolean },
): string | null {
  if (parent !== null && !INNER_KINDS.has(kind)) return `${kind} is not for readers`;
  if (kind === "Function") {
    const isTable = parent?.kind === "TableExpression";
    const allowed = isTable ? isAllowedTableFunction(name) : isAllowedFunction(name);
    return allowed ? null : `the ${isTable ? "table function" : "function"} ${name} is not for readers`;
  }
  // arrayMap(file, ...): a function may be given by its name alone.
  if (kind === "Identifier" && names.isFunction(name) && !isAllowedFunction(name)) {
    return `the function ${name} is not for readers; if it is a column, write its table before it`;
  }
  return null;
}

/** The engine checks the settings of a whole query against those that readers may change, but not those of its parts. */
function hasUncheckedSettings(nodes: readonly Node[]): boolean {
  const selects = nodes.filter(({ kind, depth }) => kind === "SelectQuery" && depth === 2).length;
  return nodes.some(({ kind, depth }) => kind === "Set" && depth !== 1 && (depth !== 3 || selects !== 1));
}

function refuse(reason: string): Verdict {
  return { allowed: false, reason };
}
