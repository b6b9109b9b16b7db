import { catalog, type ProviderRow, performance } from "../data/shapes/metrics.ts";
import { directives, safeguards } from "../data/shapes/steer.ts";
import { useLiveContext } from "../data/use-live.ts";
import { type Resource, useResource } from "../data/use-resource.ts";
import { lastDays } from "./days.ts";

const EVERY_MS = 5_000;
const COLOURS = 8;

export interface ShownProvider {
  readonly name: string;
  readonly model: string;
  /** The same one wherever the provider is drawn. */
  readonly colour: string;
  readonly isSimulated: boolean;
  readonly isDown: boolean;
  /** What the gateways do by themselves about it, such as a breaker that is open. */
  readonly conditions: readonly string[];
  readonly drain: { readonly id: string; readonly expiresAt: number } | null;
  /** null: no calls, or not known. */
  readonly numbers: ProviderRow | null;
  /** It is known that there were no calls. */
  readonly isIdle: boolean;
  /** Of all calls. */
  readonly share: number | null;
}

interface ShownProviders {
  readonly from: Resource<unknown>;
  readonly shown: readonly ShownProvider[];
  readonly reload: () => void;
}

/** The catalog's providers with what is measured, drained and wrong of each. */
export function useShownProviders(days: number): ShownProviders {
  const { realtime } = useLiveContext();
  const known = useResource("/api/catalog", catalog, EVERY_MS);
  const path = `/api/metrics/performance?grain=total&${lastDays(days, realtime?.timezone ?? "UTC")}`;
  const measured = useResource(path, performance, EVERY_MS);
  const inForce = useResource("/api/directives?limit=0", directives, EVERY_MS);
  const conditions = useResource("/api/safeguards?limit=1", safeguards, EVERY_MS);
  const numbers = measured.data?.tables.providers ?? [];
  const calls = numbers.reduce((sum, row) => sum + row.calls, 0);
  const shown = (known.data?.providers ?? []).map(({ name, model, hasKey }, index): ShownProvider => {
    const own = numbers.find(({ provider }) => provider === name) ?? null;
    const drain = inForce.data?.active.find(
      ({ kind, params }) => kind === "provider" && params.provider === name && params.action === "drain",
    );
    return {
      name,
      model,
      colour: `--series-${(index % COLOURS) + 1}`,
      isSimulated: !hasKey,
      isDown: realtime?.providersDown.includes(name) ?? false,
      conditions: (conditions.data?.active ?? [])
        .filter(({ subject }) => subject === name)
        .map(({ condition, state }) => (condition === state ? state : `${condition}: ${state}`)),
      drain: drain ?? null,
      numbers: own,
      isIdle: own === null && measured.data !== null,
      share: calls === 0 ? null : (own?.calls ?? 0) / calls,
    };
  });
  return { shown, from: { ...known, error: known.error ?? measured.error }, reload: inForce.reload };
}
