import type { Catalog } from "../domain/catalog.ts";
import type { Directive } from "../domain/directive.ts";
import { type Controls, foldControls } from "./controls.ts";
import { userBucket } from "./user-bucket.ts";

/** The controls where some directives hold for a share of the users only. */
export interface ControlsByUser {
  /** What holds for everybody. */
  readonly all: Controls;
  of(userId: string): Controls;
  /** When the next directive ends by itself, whomever it holds for; null = never. */
  readonly nextExpiryMs: number | null;
}

/**
 * A directive with a `share` holds for the users whose bucket is below it. So the users of a smaller share are among those of a
 * larger one, and there are no more variants than different shares.
 */
export function foldByUser(catalog: Catalog, active: readonly Directive[]): ControlsByUser {
  const shares = [...new Set(active.flatMap(({ share }) => share ?? []))].sort((a, b) => a - b);
  const variants = shares.map((atLeast) =>
    foldControls(
      catalog,
      active.filter(({ share }) => share === undefined || share >= atLeast),
    ),
  );
  const all = foldControls(
    catalog,
    active.filter(({ share }) => share === undefined),
  );
  return {
    all,
    of(userId) {
      if (shares.length === 0) return all;
      const bucket = userBucket(userId);
      const at = shares.findIndex((share) => bucket < share);
      return (at < 0 ? undefined : variants[at]) ?? all;
    },
    nextExpiryMs: active.length === 0 ? null : Math.min(...active.map(({ expiresAt }) => expiresAt)),
  };
}
