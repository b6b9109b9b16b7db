/**
 * Why a provider was called, as an event tells it: `[retry:|fallback:|hedge:]<reason>`. A reason is one of `Candidate` (`candidate-order.ts`); one
 * that goes before a provider that has become slow or cannot do what is asked for says so instead, and whether the load was high.
 */
export interface RouteFacts {
  readonly highLoad: boolean;
  /** The provider that would have been the first, and had become slow. */
  readonly slow: string | null;
}

const HIGH_LOAD = "high-load";
const FACTS = /^(?:(?:retry|fallback|hedge):)*(?:(slow|unable):([^+]+)(\+high-load)?|(high-load))$/;
const ORDINARY: RouteFacts = { highLoad: false, slow: null };

/** Of one that takes the place of another one. */
export function insteadOf(why: "slow" | "unable", name: string, highLoad: boolean): string {
  return highLoad ? `${why}:${name}+${HIGH_LOAD}` : `${why}:${name}`;
}

export function routeFactsOf(reason: string): RouteFacts {
  const [, why, name = null, underLoad, load] = FACTS.exec(reason) ?? [];
  if (why === undefined && load === undefined) return ORDINARY;
  return { highLoad: load !== undefined || underLoad !== undefined, slow: why === "slow" ? name : null };
}
