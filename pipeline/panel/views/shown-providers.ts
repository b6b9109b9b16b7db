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
  /** Of its answers, those after which the user asked the same once more within a minute; null: no answers, or not known. */
  readonly askedAgain: number | null;
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
  const quality = measured.data?.tables.quality ?? [];
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
      askedAgain: quality.find(({ provider }) => provider === name)?.askedAgain ?? null,
      isIdle: own === null && measured.data !== null,
      share: calls === 0 ? null : (own?.calls ?? 0) / calls,
    };
  });
  // Without its numbers a provider would seem to have had no calls.
  const isReady = measured.data !== null || measured.error !== null;
  const from = { ...known, data: isReady ? known.data : null, error: known.error ?? measured.error };
  return { shown, from, reload: inForce.reload };
}
