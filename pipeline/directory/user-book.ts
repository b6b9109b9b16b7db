import {
  applyUserEvent,
  type User,
  type UserEvent,
  type UserRecord,
} from "../../models/domain/user-event.ts";

/** The end users, folded from their events. About 450 bytes a user: a million users fit into 450 MB. */
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
  /** Erased ones, too: an event from before an erasure may arrive after it, from another partition. */
  const records = new Map<string, UserRecord>();
  let count = 0;
  let sortedIds: string[] | null = null;

  return {
    apply(event) {
      const known = records.get(event.user_id);
      const next = applyUserEvent(known, event);
      records.set(event.user_id, next);
      const [before, after] = [known?.user ?? null, next.user];
      if ((before === null) === (after === null)) return;
      sortedIds = null;
      count += after === null ? -1 : 1;
    },
    get: (id) => records.get(id)?.user ?? undefined,
    list({ search, after, limit }) {
      sortedIds ??= [...records].flatMap(([id, { user }]) => (user === null ? [] : [id])).sort();
      const page: User[] = [];
      for (
        let index = firstAfter(sortedIds, after);
        index < sortedIds.length && page.length < limit;
        index++
      ) {
        const user = records.get(sortedIds[index] ?? "")?.user ?? null;
        if (user !== null && (user.id.includes(search) || user.tier.includes(search))) page.push(user);
      }
      return page;
    },
    nextEventMs(id, nowMs) {
      const record = records.get(id);
      const known = [record?.erasedAtMs, record?.moments.at(-1)?.ts].map((ms) => ms ?? -1);
      return Math.max(nowMs, ...known.map((ms) => ms + 1));
    },
    size: () => count,
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
