import type { AdapterName, Catalog, Provider } from "../../models/domain/catalog.ts";
import { openCohort } from "../cohort.ts";
import { openAdaptedClient } from "./adapted-client.ts";
import { ADAPTERS } from "./adapters.ts";
import { isLoopback } from "./needs-stand-in.ts";
import type { ProviderClient } from "./provider-client.ts";

/** The clients of a catalog's providers: opened at their first call, closed when the catalog no longer has them. */
export interface ProviderClients {
  of(provider: Provider): ProviderClient;
  /** Of the provider, or of a deployment of it: who would answer. */
  kindOf(provider: Provider): Target["kind"];
  /** Names of providers that have neither a key nor a stand-in. */
  unavailable(): ReadonlySet<string>;
  /** Names of providers that the stand-in answers for. */
  simulated(): ReadonlySet<string>;
  close(): Promise<void>;
}

export interface ProviderClientsOptions {
  readonly catalog: { current(): Catalog; onChange(listener: () => void): void };
  /** The value of an environment variable, null when it is not set. */
  readonly keyOf: (name: string) => string | null;
  /** Where the stand-in listens; null = there is none. */
  readonly simulatedUrl: string | null;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

type Target =
  | { readonly kind: "real" | "simulated"; readonly baseUrl: string; readonly apiKey: string | null }
  | { readonly kind: "unavailable" };

export function openProviderClients({
  catalog,
  keyOf,
  simulatedUrl,
  now = Date.now,
}: ProviderClientsOptions): ProviderClients {
  const clients = new Map<string, ProviderClient>();
  const answers = openCohort();
  /** Of the catalog's own objects, so that a call need not find out again where it goes. */
  let known = new WeakMap<Provider, ProviderClient>();
  let unavailable: ReadonlySet<string> = new Set();
  let simulated: ReadonlySet<string> = new Set();

  const targetOf = (provider: Provider): Target => {
    const { apiKeyEnv, baseUrl, name } = provider;
    const apiKey = apiKeyEnv === null ? null : keyOf(apiKeyEnv);
    if (apiKey !== null || (apiKeyEnv === null && isLoopback(baseUrl)))
      return { kind: "real", baseUrl, apiKey };
    if (simulatedUrl === null) return { kind: "unavailable" };
    return { kind: "simulated", baseUrl: `${simulatedUrl}/${name}/v1`, apiKey: null };
  };
  const look = (): void => {
    const { providers: chat, embeddings } = catalog.current();
    const providers = [...chat.values(), ...embeddings.values()];
    const named = (kind: Target["kind"]) =>
      new Set(providers.filter((provider) => targetOf(provider).kind === kind).map(({ name }) => name));
    unavailable = named("unavailable");
    simulated = named("simulated");
  };
  const retireUnused = (): void => {
    const { providers, embeddings } = catalog.current();
    const used = new Set(
      [...providers.values(), ...embeddings.values()].flatMap((provider) =>
        provider.deployments.map((deployment) =>
          idOf(provider.adapter, targetOf({ ...provider, ...deployment })),
        ),
      ),
    );
    known = new WeakMap();
    for (const [id, client] of clients) {
      if (used.has(id)) continue;
      clients.delete(id);
      void client.retire();
    }
  };
  const clientOf = (provider: Provider): ProviderClient => {
    const target = targetOf(provider);
    if (target.kind === "unavailable")
      throw new Error(`provider ${provider.name} has neither a key nor a stand-in`);
    const id = idOf(provider.adapter, target);
    const open = clients.get(id);
    if (open !== undefined) return open;
    const client = openAdaptedClient({
      ...target,
      adapter: ADAPTERS[provider.adapter],
      isSimulated: target.kind === "simulated",
      now,
      answers,
    });
    clients.set(id, client);
    return client;
  };
  look();
  catalog.onChange(() => {
    look();
    retireUnused();
  });

  return {
    of(provider) {
      const before = known.get(provider);
      if (before !== undefined) return before;
      const client = clientOf(provider);
      known.set(provider, client);
      return client;
    },
    kindOf: (provider) => targetOf(provider).kind,
    unavailable: () => unavailable,
    simulated: () => simulated,
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

function idOf(adapter: AdapterName, target: Target): string {
  return target.kind === "unavailable" ? "" : `${adapter} ${target.baseUrl} ${target.apiKey ?? ""}`;
}
