import type { Catalog } from "../../models/domain/catalog.ts";

/** Names of the catalog's providers and embedding models that have no key in the environment and are no loopback server that needs none. */
export function needsStandIn(catalog: Catalog, keyOf: (name: string) => string | null): string[] {
  return [...catalog.providers.values(), ...catalog.embeddings.values()]
    .filter(({ apiKeyEnv, baseUrl }) =>
      apiKeyEnv === null ? !isLoopback(baseUrl) : keyOf(apiKeyEnv) === null,
    )
    .map(({ name }) => name);
}

/** No provider is real, nor a server of one's own: nothing that is measured costs anybody anything. */
export function isAllSimulated(catalog: Catalog, keyOf: (name: string) => string | null): boolean {
  const simulated = needsStandIn(catalog, keyOf);
  return [...catalog.providers.keys()].every((name) => simulated.includes(name));
}

export function isLoopback(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
