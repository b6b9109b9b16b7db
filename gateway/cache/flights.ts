import { KeyedInFlight } from "../in-flight.ts";
import type { CachedAnswer } from "./cached-answer.ts";

/**
 * Equal requests at the same time make one call: the first one flies, the others wait for what it brings. One that brings nothing
 * (an error, a cut stream, a client that left) lets the others call for themselves; nobody waits twice.
 */
export interface Flights {
  /** A flight of one's own, whose `land` is due; or somebody else's to wait for; null: too many, call for yourself. */
  join(key: string): OwnFlight | OthersFlight | null;
  flying(): number;
}

export interface OwnFlight {
  readonly own: true;
  /** With what came of it; only the first call counts. */
  land(answer: CachedAnswer | null): void;
}

export interface OthersFlight {
  readonly own: false;
  /** What came of it; null: nothing, or not in time, or the caller has gone. */
  wait(onGone: (gone: () => void) => void): Promise<CachedAnswer | null>;
}

export interface FlightLimits {
  readonly maxFlights: number;
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}

export function openFlights({ maxFlights, maxWaiting, maxWaitMs }: FlightLimits): Flights {
  const flights = new KeyedInFlight<Set<(answer: CachedAnswer | null) => void>>();
  let waiting = 0;

  const takeOff = (key: string): OwnFlight => {
    const passengers = new Set<(answer: CachedAnswer | null) => void>();
    flights.set(key, passengers);
    return {
      own: true,
      land(answer) {
        if (flights.get(key) !== passengers) return;
        flights.delete(key);
        for (const tell of passengers) tell(answer);
      },
    };
  };
  const board = (passengers: Set<(answer: CachedAnswer | null) => void>): OthersFlight => ({
    own: false,
    wait: (onGone) =>
      new Promise((resolve) => {
        waiting += 1;
        const tell = (answer: CachedAnswer | null): void => {
          if (!passengers.delete(tell)) return;
          waiting -= 1;
          clearTimeout(deadline);
          resolve(answer);
        };
        const deadline = setTimeout(() => tell(null), maxWaitMs);
        passengers.add(tell);
        onGone(() => tell(null));
      }),
  });

  return {
    join(key) {
      const passengers = flights.get(key);
      if (passengers === undefined) return flights.size < maxFlights ? takeOff(key) : null;
      return waiting < maxWaiting ? board(passengers) : null;
    },
    flying: () => flights.size,
  };
}
