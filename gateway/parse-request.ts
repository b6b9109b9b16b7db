import type { z } from "zod";
import { PublicError } from "../models/domain/errors.ts";
import { REFUSED_PARAMETERS } from "../models/domain/parameters/refused-parameters.ts";
import {
  BODY_SHAPES,
  type Endpoint,
  PARAMETERS,
  type ParsedRequest,
} from "../models/domain/parameters/request-parameters.ts";
import { invalidRequest, readJson } from "./parse-body.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A caller's own words are told back no longer than this. */
const MAX_PARAM_LENGTH = 100;

/**
 * Parses a body by the table of parameters (`models/domain/parameters`). What the table does not have is refused, at every depth, but
 * for `extraNames`: what the catalog allows at some provider.
 * Throws {@link PublicError} `invalid_json`, `invalid_request` or `unsupported_parameter`, with the field in `param`.
 */
export function parseRequest(
  endpoint: Endpoint,
  bytes: Buffer,
  extraNames: ReadonlySet<string>,
): ParsedRequest {
  const { fields, extra } = sortFields(endpoint, readJson(bytes), extraNames);
  switch (endpoint) {
    case "chat":
      return { endpoint, body: parsed(BODY_SHAPES.chat, fields), extra };
    case "responses":
      return { endpoint, body: parsed(BODY_SHAPES.responses, fields), extra };
    case "embeddings":
      return { endpoint, body: parsed(BODY_SHAPES.embeddings, fields), extra };
  }
}

function parsed<Body>(shape: z.ZodType<Body>, fields: unknown): Body {
  const result = shape.safeParse(fields);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  if (issue?.code !== "unrecognized_keys") throw invalidRequest(issue);
  const param = [...issue.path, issue.keys[0] ?? ""].join(".");
  throw unsupported(param, "the gateway does not know it, and so not what it can cost; leave it out");
}

interface SortedFields {
  /** Those of the table; the document itself where there are no others, or where it is no object. */
  readonly fields: unknown;
  readonly extra: Fields | null;
}

/** Top-level fields that the table does not have are allowed by the catalog, say nothing, or are refused with the reason. */
function sortFields(endpoint: Endpoint, document: unknown, extraNames: ReadonlySet<string>): SortedFields {
  const known = PARAMETERS[endpoint];
  if (!isObject(document) || hasOnly(document, known)) return { fields: document, extra: null };
  const fields: Record<string, unknown> = {};
  const extra: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(document)) {
    if (known.has(name)) fields[name] = value;
    else if (extraNames.has(name)) extra[name] = value;
    else if (!isNothing(name, value)) throw unsupported(name, whyRefused(name));
  }
  return { fields, extra: Object.keys(extra).length === 0 ? null : extra };
}

function hasOnly(document: Fields, known: ReadonlyMap<string, unknown>): boolean {
  for (const name in document) if (!known.has(name)) return false;
  return true;
}

/** Clients say `null` or `false` for what they do not ask for. */
function isNothing(name: string, value: unknown): boolean {
  return Object.hasOwn(REFUSED_PARAMETERS, name) && (value === null || value === false);
}

function whyRefused(name: string): string {
  const known = Object.hasOwn(REFUSED_PARAMETERS, name) ? REFUSED_PARAMETERS[name] : undefined;
  const why = known?.why ?? "the gateway does not know it, and so not what it can cost";
  return known?.canBeAllowed === false
    ? `${why}; leave it out`
    : `${why}; leave it out, or let an operator allow it: extraParameters of a provider in catalog.yaml`;
}

function unsupported(name: string, why: string): PublicError {
  const param = name.slice(0, MAX_PARAM_LENGTH);
  return new PublicError("unsupported_parameter", `${param}: ${why}`, { param });
}

/** Of a union's branches, the one that got farthest is the one that was meant. */
function deepest(
  issues: readonly z.core.$ZodIssue[],
  at: readonly PropertyKey[] = [],
): FoundIssue | undefined {
  let found: FoundIssue | undefined;
  for (const issue of issues) {
    const path = [...at, ...issue.path];
    const nested = issue.code === "invalid_union" ? deepest(issue.errors.flat(), path) : undefined;
    const candidate = nested !== undefined && nested.path.length > path.length ? nested : { ...issue, path };
    if (found === undefined || candidate.path.length > found.path.length) found = candidate;
  }
  return found;
}

type FoundIssue = z.core.$ZodIssue & { readonly path: readonly PropertyKey[] };

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
