import type { Catalog } from "../../models/domain/catalog.ts";
import {
  type Directive,
  type DirectiveEvent,
  type DirectiveInstruction,
  MAX_DIRECTIVE_SECONDS,
} from "../../models/domain/directive.ts";
import { PublicError } from "../../models/domain/errors.ts";
import { directiveId } from "../../models/domain/ids.ts";
import type { ControlDeps } from "./control-deps.ts";

export const ADMIN = { type: "admin", name: "admin" } as const;

/** More than any operation needs, few enough for each gateway to fold on every change. */
const MAX_ACTIVE_DIRECTIVES = 500;
const SECOND_MS = 1000;

export interface DirectiveOrder {
  readonly instruction: DirectiveInstruction;
  readonly reason: string;
  readonly seconds: number;
}

/** A directive by the admin, ready to be recorded. Throws PublicError when it names what the catalog does not have. */
export function adminDirective(
  deps: ControlDeps,
  { instruction, reason, seconds }: DirectiveOrder,
): Directive {
  checkNames(instruction, deps.catalog());
  const issuedAt = deps.now();
  if (deps.directory.directives.active(issuedAt).length >= MAX_ACTIVE_DIRECTIVES) {
    throw new PublicError("conflict", `${MAX_ACTIVE_DIRECTIVES} directives are active; revoke some first`);
  }
  const lifetimeMs = Math.max(1, Math.round(Math.min(seconds, MAX_DIRECTIVE_SECONDS) * SECOND_MS));
  return {
    id: directiveId.parse(deps.newId()),
    issuedBy: ADMIN,
    reason,
    evidence: null,
    issuedAt,
    expiresAt: issuedAt + lifetimeMs,
    ...instruction,
  };
}

export function adminRevocation({ now }: ControlDeps, { id }: Directive, reason: string): DirectiveEvent {
  return { type: "revoked", id, by: ADMIN, reason, ts: now() };
}

/** A directive that names nothing that exists would look obeyed and do nothing. */
export function checkNames(instruction: DirectiveInstruction, catalog: Catalog): void {
  const { params } = instruction;
  const providers = [
    ...("provider" in params ? [["params.provider", params.provider] as const] : []),
    ...("prefer" in params ? params.prefer.map((name) => ["params.prefer", name] as const) : []),
    ...("avoid" in params ? params.avoid.map((name) => ["params.avoid", name] as const) : []),
    ...("weights" in params
      ? Object.keys(params.weights).map((name) => ["params.weights", name] as const)
      : []),
  ];
  for (const [param, name] of providers)
    checkKnown({ param, name, kind: "provider", known: catalog.providers });
  if ("tier" in params && params.tier !== undefined) {
    checkKnown({ param: "params.tier", name: params.tier, kind: "tier", known: catalog.tiers });
  }
}

interface NameCheck {
  readonly param: string;
  readonly name: string;
  readonly kind: "provider" | "tier";
  readonly known: ReadonlyMap<string, unknown>;
}

function checkKnown({ param, name, kind, known }: NameCheck): void {
  if (known.has(name)) return;
  const names = [...known.keys()].join(", ");
  throw new PublicError(
    "invalid_request",
    `${param}: there is no ${kind} "${name}"; the catalog has ${names}`,
    {
      param,
    },
  );
}
