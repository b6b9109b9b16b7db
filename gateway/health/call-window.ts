/** What became of calls lately: a ring of time slots, so that it forgets by itself and never grows. */
export interface CallWindow {
  add(call: CallResult): void;
  totals(): CallTotals;
  clear(): void;
}

export interface CallResult {
  readonly bad: boolean;
  readonly ms: number;
}

export interface CallTotals {
  readonly calls: number;
  readonly bad: number;
  /** Of all calls. */
  readonly totalMs: number;
}

export interface CallWindowOptions {
  readonly slots: number;
  readonly slotMs: number;
  /** Never goes back. */
  readonly nowMs: () => number;
}

interface Slot {
  calls: number;
  bad: number;
  totalMs: number;
}

export function openCallWindow({ slots, slotMs, nowMs }: CallWindowOptions): CallWindow {
  const ring: Slot[] = Array.from({ length: slots }, emptySlot);
  let last = Math.floor(nowMs() / slotMs);

  /** Empties what time has passed, and gives the slot of now. */
  const moveOn = (): Slot => {
    const current = Math.max(last, Math.floor(nowMs() / slotMs));
    for (let at = Math.max(last + 1, current - slots + 1); at <= current; at++)
      ring[at % slots] = emptySlot();
    last = current;
    return slotAt(ring, current % slots);
  };
  return {
    add({ bad, ms }) {
      const slot = moveOn();
      slot.calls += 1;
      slot.totalMs += ms;
      if (bad) slot.bad += 1;
    },
    totals() {
      moveOn();
      const sum = emptySlot();
      for (const slot of ring) {
        sum.calls += slot.calls;
        sum.bad += slot.bad;
        sum.totalMs += slot.totalMs;
      }
      return sum;
    },
    clear() {
      for (let at = 0; at < slots; at++) ring[at] = emptySlot();
    },
  };
}

function emptySlot(): Slot {
  return { calls: 0, bad: 0, totalMs: 0 };
}

function slotAt(ring: Slot[], at: number): Slot {
  const known = ring[at];
  if (known !== undefined) return known;
  const slot = emptySlot();
  ring[at] = slot;
  return slot;
}
