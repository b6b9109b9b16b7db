/** The share of all users who are there from the first day on: brought over from an older system. */
const IMPORTED_SHARE = 0.3;
/** The last day's sign-ups against the first day's. */
const GROWTH = 3;

export interface SignUpPlan {
  /** All users who have signed up at the end of `dayWeights`. */
  readonly users: number;
  /** How attractive each of the planned days is. */
  readonly dayWeights: readonly number[];
}

/** How many users come on each day: exactly `users` over the planned days; after them it goes on growing. */
export function signUpSchedule(plan: SignUpPlan): SignUpSchedule {
  return scheduleFrom(plan, 0);
}

export interface SignUpSchedule {
  /** Who is there from the first day on. */
  readonly imported: number;
  /** Asked once for each day, in order. Rounded cumulatively, so that nobody is lost. */
  newUsers(index: number, dayWeight: number): number;
  /** One that goes on from here by itself. */
  fork(): SignUpSchedule;
}

function scheduleFrom(plan: SignUpPlan, from: number): SignUpSchedule {
  const { users, dayWeights } = plan;
  const imported = Math.max(1, Math.round(users * IMPORTED_SHARE));
  const days = dayWeights.length;
  const grown = (index: number, weight: number): number => (1 + (GROWTH - 1) * (index / days)) * weight;
  const total = dayWeights.reduce((sum, weight, index) => sum + grown(index, weight), 0);
  let cumulative = from;
  return {
    imported,
    newUsers(index, dayWeight) {
      const before = Math.round(((users - imported) * cumulative) / total);
      cumulative += grown(index, dayWeight);
      return Math.round(((users - imported) * cumulative) / total) - before;
    },
    fork: () => scheduleFrom(plan, cumulative),
  };
}
