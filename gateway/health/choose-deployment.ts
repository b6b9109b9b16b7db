import type { Deployment, Provider } from "../../models/domain/catalog.ts";
import type { DeploymentHealth } from "./deployment-health.ts";

export interface Choice {
  readonly deployment: Deployment;
  /** The provider with the deployment's base URL and key. */
  readonly target: Provider;
  readonly health: DeploymentHealth;
}

/**
 * The least busy one for its part, which is its weight by its speed; of several that are equally busy (as when nothing is under
 * way), each as often as its part says. `draw` is uniform in [0, 1). Null: there is none.
 */
export function chooseDeployment(choices: readonly Choice[], draw: number): Choice | null {
  const [only] = choices;
  if (choices.length <= 1) return only ?? null;
  const parts = partsOf(choices);
  const loads = choices.map(({ health }, at) => health.inFlight() / (parts[at] ?? 1));
  const least = Math.min(...loads);
  const idle = choices.map((_, at) => (loads[at] === least ? (parts[at] ?? 0) : 0));
  let rest = draw * idle.reduce((sum, part) => sum + part, 0);
  const drawn = choices.findIndex((_, at) => {
    rest -= idle[at] ?? 0;
    return (idle[at] ?? 0) > 0 && rest < 0;
  });
  return choices[Math.max(0, drawn)] ?? null;
}

/** Of one whose speed is not known, the mean of the others is taken. */
function partsOf(choices: readonly Choice[]): number[] {
  const meanMs = choices.map(({ health }) => {
    const { calls, totalMs } = health.totals();
    return calls === 0 ? null : Math.max(1, totalMs / calls);
  });
  const known = meanMs.filter((ms) => ms !== null);
  const usual = known.length === 0 ? 1 : known.reduce((sum, ms) => sum + ms, 0) / known.length;
  return choices.map(({ deployment }, at) => deployment.weight / (meanMs[at] ?? usual));
}
