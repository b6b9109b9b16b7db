import type { Provider } from "../../models/domain/catalog.ts";
import { NORMAL } from "../../models/domain/gateway-condition.ts";
import type { Conditions } from "../conditions.ts";
import { BREAKER_LIMITS, type BreakerState } from "./breaker.ts";
import { type Choice, chooseDeployment } from "./choose-deployment.ts";
import { type DeploymentHealth, type HealthCall, openDeploymentHealth } from "./deployment-health.ts";
import type { AnswerKind } from "./pace.ts";

/** How each provider does, and whether and where it may be called: asked before each call, told of each one's end. */
export interface ProviderHealth {
  /**
   * Not now: its breakers are open, it rests after a 429, or as many calls as are allowed are under way. Else `end` or `cancel` is due.
   * Of several deployments one that was not tried yet goes first.
   */
  begin(provider: Provider, call: CallQuestion): HealthCall | NotNow;
  /** Adds the names of providers that are down or rest; one that is busy may be free when its turn comes. */
  unavailable(others: ReadonlySet<string>): ReadonlySet<string>;
  /** Names of providers that have become slow: others go first, but for a call now and then. */
  slow(): ReadonlySet<string>;
  /** Once a second: calls that hang are counted, and what has changed is said. */
  look(): void;
  states(): ReadonlyMap<string, ProviderState>;
}

export interface CallQuestion {
  readonly kind: AnswerKind;
  /** Ids of deployments that this request has called already. */
  readonly tried?: ReadonlySet<string>;
}

export type NotNow = "down" | "busy";

/** Of all deployments. */
export interface ProviderState {
  /** Of the one that does best. */
  readonly breaker: BreakerState;
  readonly resting: boolean;
  readonly slow: boolean;
  readonly inFlight: number;
  /** Of the last five minutes. */
  readonly calls: number;
  readonly bad: number;
  /** Null: there was no call. */
  readonly meanMs: number | null;
}

export interface ProviderHealthOptions {
  readonly nowMs: () => number;
  readonly conditions: Conditions;
  readonly maxCallsPerProvider: number;
  readonly breakerMinCalls: number;
  /** Who would answer: a deployment without a key must not answer by its stand-in beside a real one. Absent: all are alike. */
  readonly kindOf?: (provider: Provider) => string;
  /** Uniform in [0, 1). */
  readonly draw: () => number;
}

/** An answer that takes longer than this part of what its provider is given at most is too slow. */
const SLOW_SHARE = 0.5;
const NOBODY: ReadonlySet<string> = new Set();

interface Group {
  provider: Provider;
  /** Of `provider`, in the catalog's order. */
  choices: readonly Choice[];
}

export function openProviderHealth(options: ProviderHealthOptions): ProviderHealth {
  const { nowMs, conditions, maxCallsPerProvider, draw, kindOf = () => "" } = options;
  const limits = { ...BREAKER_LIMITS, minCalls: options.breakerMinCalls };
  /** By provider, of which the catalog has a few. */
  const groups = new Map<string, Group>();
  const groupOf = (provider: Provider): Group => {
    const known = groups.get(provider.name);
    if (known?.provider === provider) return known;
    const kind = kindOf(provider);
    const places = provider.deployments.filter(
      ({ baseUrl, apiKeyEnv }) => kindOf({ ...provider, baseUrl, apiKeyEnv }) === kind,
    );
    const choices = places.map((deployment) => ({
      deployment,
      target: targetOf(provider, deployment),
      // An edit of the catalog leaves what is known of a place that it does not change.
      health:
        known?.choices.find((choice) => isSamePlace(choice, deployment))?.health ??
        openDeploymentHealth(nowMs, limits),
    }));
    const group = { provider, choices };
    groups.set(provider.name, group);
    return group;
  };

  return {
    begin(provider, { kind, tried = NOBODY }) {
      const { choices } = groupOf(provider);
      if (inFlightOf(choices) >= Math.min(maxCallsPerProvider, provider.maxConcurrentCalls)) return "busy";
      const chosen = chooseDeployment(preferred(choices, tried), draw());
      if (chosen === null) return "down";
      const { target, deployment, health } = chosen;
      const slowMs = provider.timeoutMs * SLOW_SHARE;
      return health.begin({ kind, slowMs, target, deploymentId: deployment.id }) ?? "down";
    },
    unavailable(others) {
      let names: Set<string> | null = null;
      for (const [name, { choices }] of groups) {
        if (choices.some(({ health }) => health.isFree())) continue;
        names ??= new Set(others);
        names.add(name);
      }
      return names ?? others;
    },
    slow() {
      let names: Set<string> | null = null;
      for (const [name, { choices }] of groups) {
        if (!choices.every(({ health: { pace } }) => pace.isSlow() && !pace.mayProbe())) continue;
        names ??= new Set();
        names.add(name);
      }
      return names ?? NOBODY;
    },
    look() {
      for (const [name, { choices }] of groups) {
        for (const { health } of choices) health.look();
        say(conditions, name, choices);
      }
    },
    states: () => new Map([...groups].map(([name, { choices }]) => [name, stateOf(choices)] as const)),
  };
}

function targetOf(provider: Provider, { id, baseUrl, apiKeyEnv }: Choice["deployment"]): Provider {
  return id === provider.name ? provider : { ...provider, baseUrl, apiKeyEnv };
}

function isSamePlace({ deployment }: Choice, { baseUrl, apiKeyEnv }: Choice["deployment"]): boolean {
  return deployment.baseUrl === baseUrl && deployment.apiKeyEnv === apiKeyEnv;
}

/** Those that can be called; where there is a choice, those that were not tried yet, and those that are not slow. */
function preferred(choices: readonly Choice[], tried: ReadonlySet<string>): readonly Choice[] {
  if (choices.length === 1) return choices;
  const free = choices.filter(({ health }) => health.isFree());
  const fresh = free.filter(({ deployment }) => !tried.has(deployment.id));
  const some = fresh.length > 0 ? fresh : free;
  const quick = some.filter(({ health: { pace } }) => !pace.isSlow() || pace.mayProbe());
  return quick.length > 0 ? quick : some;
}

function say(conditions: Conditions, subject: string, choices: readonly Choice[]): void {
  const down = bestBreaker(choices) !== "closed";
  const { calls, bad } = sumOf(choices, ({ breaker }) => breaker.totals());
  conditions.set({ condition: "provider-down", subject, state: down ? "down" : NORMAL }, () => ({
    reason: down
      ? `${subject} is not called: ${bad} of its last ${calls} calls failed, hung or were too slow`
      : `${subject} is called again`,
    numbers: { calls, bad },
  }));
}

function stateOf(choices: readonly Choice[]): ProviderState {
  const { calls, bad, totalMs } = sumOf(choices, (health) => health.totals());
  return {
    breaker: bestBreaker(choices),
    resting: choices.every(({ health }) => health.isResting()),
    slow: choices.every(({ health }) => health.pace.isSlow()),
    inFlight: inFlightOf(choices),
    calls,
    bad,
    meanMs: calls === 0 ? null : Math.round(totalMs / calls),
  };
}

function bestBreaker(choices: readonly Choice[]): BreakerState {
  const states = choices.map(({ health }) => health.breaker.state());
  return (["closed", "half-open"] as const).find((state) => states.includes(state)) ?? "open";
}

function inFlightOf(choices: readonly Choice[]): number {
  return choices.reduce((sum, { health }) => sum + health.inFlight(), 0);
}

function sumOf(
  choices: readonly Choice[],
  totalsOf: (health: DeploymentHealth) => { calls: number; bad: number; totalMs: number },
) {
  const sum = { calls: 0, bad: 0, totalMs: 0 };
  for (const { health } of choices) {
    const { calls, bad, totalMs } = totalsOf(health);
    sum.calls += calls;
    sum.bad += bad;
    sum.totalMs += totalMs;
  }
  return sum;
}
