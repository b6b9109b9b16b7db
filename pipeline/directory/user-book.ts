import { applyUserEvent, type User, type UserEvent } from "../../models/domain/user-event.ts";

/** The end users, folded from their events. About 300 bytes a user: a million users fit into 300 MB. */
export interface UserBook {
  apply(event: UserEvent): void;
  get(id: string): User | undefined;
  /** A page in the order of ids: those after `after` whose id or tier contains `search`. */
  list(query: { readonly search: string; readonly after: string; readonly limit: number }): User[];
  /** A timestamp for the next event of a user that is later than all known of that user, whatever the clock says. */
  nextEventMs(id: string, nowMs: number): number;
  size(): number;
}

export function userBook(): UserBook {
  const users = new Map<string, User>();
  /** An event from before an erasure may arrive after it, from another partition; it must not bring the user back. */
  const erasedAtMs = new Map<string, number>();
  let sortedIds: string[] | null = null;

  return {
    apply(event) {
      const id = event.user_id;
      if (event.ts <= (erasedAtMs.get(id) ?? Number.NEGATIVE_INFINITY)) return;
      if (event.type === "erased") erasedAtMs.set(id, event.ts);
      const known = users.get(id) ?? null;
      const next = applyUserEvent(known, event);
      if ((known === null) !== (next === null)) sortedIds = null;
      if (next === null) users.delete(id);
      else users.set(id, next);
    },
    get: (id) => users.get(id),
    list({ search, after, limit }) {
      sortedIds ??= [...users.keys()].sort();
      const page: User[] = [];
      for (
        let index = firstAfter(sortedIds, after);
        index < sortedIds.length && page.length < limit;
        index++
      ) {
        const user = users.get(sortedIds[index] ?? "");
        if (user !== undefined && (user.id.includes(search) || user.tier.includes(search))) page.push(user);
      }
      return page;
    },
    nextEventMs(id, nowMs) {
      const user = users.get(id);
      const known = [user?.createdAt, user?.tierUpdatedAt, erasedAtMs.get(id)].map((ms) => ms ?? -1);
      return Math.max(nowMs, ...known.map((ms) => ms + 1));
    },
    size: () => users.size,
  };
}

/** Binary search: the index of the first id greater than `after`. */
function firstAfter(sortedIds: readonly string[], after: string): number {
  let low = 0;
  let high = sortedIds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sortedIds[middle] ?? "") <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
