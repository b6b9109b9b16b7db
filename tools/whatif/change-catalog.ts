import { parse } from "yaml";
import { CatalogError } from "../../catalog.ts";
import type { Catalog } from "../../models/domain/catalog.ts";
import { resolveCatalog } from "../../models/domain/resolve-catalog.ts";
import { checkCondition } from "../../models/rules/condition.ts";
import { UserError } from "../../runtime/user-error.ts";

/** One `--set`: where in the catalog, and the value as YAML. */
export interface Change {
  readonly path: readonly string[];
  readonly value: unknown;
}

export class WhatifError extends UserError {}

/** `tiers.free.dailyRequests=20` */
export function parseChange(text: string): Change {
  const at = text.indexOf("=");
  const path = text.slice(0, Math.max(0, at)).trim().split(".");
  if (at < 1 || path.some((part) => part === "")) {
    throw new WhatifError(`--set ${text}: must look like tiers.free.dailyRequests=20`);
  }
  return { path, value: parse(text.slice(at + 1)) };
}

/** The catalog file with some values changed, checked like one that an operator has written. Throws {@link CatalogError}. */
export function changeCatalog(yaml: string, changes: readonly Change[]): Catalog {
  let document: unknown = parse(yaml, { maxAliasCount: 100 });
  for (const { path, value } of changes) {
    checkNamed(document, path);
    document = withValue(document, path, value);
  }
  const resolved = resolveCatalog(document, { version: "what-if", checkCondition });
  if (!resolved.ok) throw new CatalogError("the changed catalog", resolved.problems);
  return resolved.catalog;
}

/** Sections whose keys are names that the operator has given. */
const NAMED = new Set(["tiers", "providers", "embeddings"]);

/** A part of something that does not exist would be a mistyped name. */
function checkNamed(document: unknown, path: readonly string[]): void {
  const [section, name, part] = path;
  if (section === undefined || name === undefined || part === undefined || !NAMED.has(section)) return;
  const known = keysOf(valueAt(document, section));
  if (known.includes(name)) return;
  throw new WhatifError(
    `--set ${path.join(".")}: there is no "${name}" in ${section}; known: ${known.join(", ") || "none"}`,
  );
}

function keysOf(node: unknown): string[] {
  return typeof node === "object" && node !== null ? Object.keys(node) : [];
}

function valueAt(node: unknown, key: string): unknown {
  return typeof node === "object" && node !== null
    ? Object.entries(node).find(([one]) => one === key)?.[1]
    : null;
}

function withValue(node: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(node)) {
    return node.map((item: unknown, index) =>
      String(index) === key || nameOf(item) === key ? withValue(item, rest, value) : item,
    );
  }
  const entries = typeof node === "object" && node !== null ? Object.entries(node) : [];
  const known = Object.fromEntries(entries);
  return { ...known, [key]: withValue(known[key], rest, value) };
}

/** Rules are a list; they may be meant by their names. */
function nameOf(item: unknown): unknown {
  return typeof item === "object" && item !== null && "name" in item ? item.name : undefined;
}
