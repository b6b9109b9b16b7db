import type { KeyEvent } from "../../models/domain/key-event.ts";

/** An app's key as the control API shows it; the key itself is kept nowhere. */
export interface AppKey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** Null while it is valid. */
  readonly revokedAt: number | null;
}

export interface KeyBook {
  apply(event: KeyEvent): void;
  get(id: string): AppKey | undefined;
  /** Oldest first. */
  list(): AppKey[];
  /** How many are not revoked. */
  validCount(): number;
}

/** Folds events in any order: a revocation that arrives before its key is kept for it. */
export function keyBook(): KeyBook {
  const created = new Map<string, Extract<KeyEvent, { type: "created" }>>();
  const revokedAt = new Map<string, number>();
  const show = (event: Extract<KeyEvent, { type: "created" }>): AppKey => ({
    id: event.id,
    name: event.name,
    createdAt: event.ts,
    revokedAt: revokedAt.get(event.id) ?? null,
  });
  return {
    apply(event) {
      if (event.type === "created") created.set(event.id, event);
      else if (!revokedAt.has(event.id)) revokedAt.set(event.id, event.ts);
    },
    get(id) {
      const event = created.get(id);
      return event === undefined ? undefined : show(event);
    },
    list: () => [...created.values()].sort((a, b) => a.ts - b.ts).map(show),
    validCount: () => [...created.keys()].filter((id) => !revokedAt.has(id)).length,
  };
}
