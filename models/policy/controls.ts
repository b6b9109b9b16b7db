import type { Catalog, Tier } from "../domain/catalog.ts";
import type { Directive, DirectiveKind } from "../domain/directive.ts";
import { type NanoUsd, nanoFromUsd } from "../domain/money.ts";

export type DirectiveOf<K extends DirectiveKind> = Extract<Directive, { kind: K }>;

/** A limit and the directive that set it. */
export interface Limit<Amount extends number> {
  readonly limit: Amount;
  readonly directive: Directive;
}

/** What the gateway obeys: the catalog and the active directives, folded. Immutable; each change makes a new one. */
export interface Controls {
  /** The catalog's version; with directives in force, `+` and 8 hex digits that name their set. */
  readonly version: string;
  readonly catalog: Catalog;
  /** The catalog's tiers with `tier-limit` directives applied. */
  readonly tiers: ReadonlyMap<string, Tier>;
  readonly pauseNonPremium: Directive | null;
  readonly fallbackMode: Directive | null;
  readonly emergencyDailyBudget: Limit<NanoUsd> | null;
  readonly globalRequestsPerMinute: Limit<number> | null;
  readonly userRequestsPerMinute: Limit<number> | null;
  /** Newest first, as are `caches` and `weights`. */
  readonly routes: readonly DirectiveOf<"route">[];
  readonly caches: readonly DirectiveOf<"cache">[];
  readonly weights: readonly DirectiveOf<"weights">[];
  /** Providers that take no new requests. */
  readonly drained: ReadonlySet<string>;
  /** When the next directive ends by itself, so that the controls must be folded again; null = never. */
  readonly nextExpiryMs: number | null;
}

/**
 * The controls that follow from the catalog and the directives in force; the order of `active` does not matter.
 *
 * Where directives of one kind disagree: the tightest emergency budget, rate limit and (field by field) tier limit wins,
 * so that nobody loosens what somebody else has tightened without revoking it; one directive alone may loosen what the
 * catalog says of a tier. Of `provider` directives the newest one for each provider wins.
 */
export function foldControls(catalog: Catalog, active: readonly Directive[]): Controls {
  const newestFirst = [...active].sort((a, b) => b.issuedAt - a.issuedAt || (a.id < b.id ? 1 : -1));
  const rateLimits = ofKind(newestFirst, "rate-limit");
  return {
    version: versionOf(catalog, newestFirst),
    catalog,
    tiers: limitTiers(catalog, ofKind(newestFirst, "tier-limit")),
    pauseNonPremium: ofKind(newestFirst, "pause-non-premium")[0] ?? null,
    fallbackMode: ofKind(newestFirst, "fallback-mode")[0] ?? null,
    emergencyDailyBudget: tightest(ofKind(newestFirst, "emergency-budget"), ({ params }) =>
      nanoFromUsd(params.dailyUsd),
    ),
    globalRequestsPerMinute: tightest(
      rateLimits.filter(({ params }) => params.scope === "global"),
      ({ params }) => params.requestsPerMinute,
    ),
    userRequestsPerMinute: tightest(
      rateLimits.filter(({ params }) => params.scope === "user"),
      ({ params }) => params.requestsPerMinute,
    ),
    routes: ofKind(newestFirst, "route"),
    caches: ofKind(newestFirst, "cache"),
    weights: ofKind(newestFirst, "weights"),
    drained: drainedProviders(ofKind(newestFirst, "provider")),
    nextExpiryMs: active.length === 0 ? null : Math.min(...active.map(({ expiresAt }) => expiresAt)),
  };
}

function ofKind<K extends DirectiveKind>(directives: readonly Directive[], kind: K): DirectiveOf<K>[] {
  return directives.filter((directive): directive is DirectiveOf<K> => directive.kind === kind);
}

/** Of equally tight ones the newest, so that its expiry is the one that is told. */
function tightest<D extends Directive, Amount extends number>(
  newestFirst: readonly D[],
  limitOf: (directive: D) => Amount,
): Limit<Amount> | null {
  let found: Limit<Amount> | null = null;
  for (const directive of newestFirst) {
    const limit = limitOf(directive);
    if (found === null || limit < found.limit) found = { limit, directive };
  }
  return found;
}

function drainedProviders(newestFirst: readonly DirectiveOf<"provider">[]): ReadonlySet<string> {
  const actions = new Map<string, "drain" | "enable">();
  for (const { params } of newestFirst)
    if (!actions.has(params.provider)) actions.set(params.provider, params.action);
  return new Set([...actions].filter(([, action]) => action === "drain").map(([provider]) => provider));
}

function limitTiers(
  catalog: Catalog,
  directives: readonly DirectiveOf<"tier-limit">[],
): ReadonlyMap<string, Tier> {
  if (directives.length === 0) return catalog.tiers;
  return new Map([...catalog.tiers].map(([name, tier]) => [name, limitTier(tier, directives)]));
}

function limitTier(tier: Tier, directives: readonly DirectiveOf<"tier-limit">[]): Tier {
  const own = directives.map(({ params }) => params).filter((params) => params.tier === tier.name);
  const requests = own.flatMap(({ dailyRequests }) => dailyRequests ?? []);
  const weekly = own.flatMap(({ weeklyBudget }) => weeklyBudget ?? []);
  const monthly = own.flatMap(({ monthlyBudget }) => monthlyBudget ?? []);
  return {
    ...tier,
    ...(requests.length > 0 && {
      dailyRequests: Math.min(...requests.map((limit) => (limit < 0 ? Number.POSITIVE_INFINITY : limit))),
    }),
    ...(weekly.length > 0 && { weeklyBudget: nanoFromUsd(Math.min(...weekly)) }),
    ...(monthly.length > 0 && { monthlyBudget: nanoFromUsd(Math.min(...monthly)) }),
  };
}

function versionOf(catalog: Catalog, directives: readonly Directive[]): string {
  if (directives.length === 0) return catalog.version;
  const ids = directives.map(({ id }) => id).sort();
  return `${catalog.version}+${fnv1a32(ids.join(",")).toString(16).padStart(8, "0")}`;
}

/** Fowler-Noll-Vo, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): names a set, protects nothing. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
