import { z } from "zod";
import type { AdapterName, CatalogFile, Provider } from "./catalog.ts";
import { MAX_USD, type NanoUsd, nanoFromUsd } from "./money.ts";
import { cannotBeAllowed } from "./parameters/refused-parameters.ts";
import { isKnownTo } from "./parameters/request-parameters.ts";
import type { CatalogProblem } from "./resolve-catalog.ts";

/** What a parameter can cost at most, beside what the call costs anyway. */
const extraParameter = z.strictObject({
  /** Dollars a call. */
  perRequest: z.number().min(0).max(MAX_USD),
  /** Tokens that it adds to the input, such as what a search finds. */
  inputTokens: z.number().int().min(0).max(10_000_000).default(0),
});

const outputLimitParameter = z.enum(["max_tokens", "max_completion_tokens"]);

/** Keys of a provider of the catalog file. */
export const parameterEntries = {
  /** The field of a chat that it takes its output limit from. Default: `max_completion_tokens` at the adapter `openai`, else `max_tokens`. */
  outputLimitParameter: outputLimitParameter.optional(),
  /** Parameters that docs/parameters.md does not have for the adapter: sent as they come, at the cost that is said here. */
  extraParameters: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/), extraParameter).default({}),
};

export type OutputLimitParameter = z.infer<typeof outputLimitParameter>;
/** By the parameter's name: what a call with it can cost more. */
export type ExtraParameters = ReadonlyMap<string, { readonly fee: NanoUsd; readonly inputTokens: number }>;

type Entry = CatalogFile["providers"][string];

export function parametersOf({
  adapter,
  outputLimitParameter: given,
  extraParameters,
}: Entry): Pick<Provider, "outputLimitParameter" | "extraParameters"> {
  return {
    outputLimitParameter: given ?? (adapter === "openai" ? "max_completion_tokens" : "max_tokens"),
    extraParameters: new Map(
      Object.entries(extraParameters).map(([name, { perRequest, inputTokens }]) => [
        name,
        { fee: nanoFromUsd(perRequest), inputTokens },
      ]),
    ),
  };
}

/** Of all providers together. */
export function extraNames(providers: readonly Provider[]): ReadonlySet<string> {
  return new Set(providers.flatMap(({ extraParameters }) => [...extraParameters.keys()]));
}

export function badParameters({ providers, embeddings }: CatalogFile): CatalogProblem[] {
  return Object.entries({ providers, embeddings }).flatMap(([section, entries]) =>
    Object.entries(entries).flatMap(([name, entry]) => badEntry(`${section}.${name}`, entry)),
  );
}

function badEntry(
  path: string,
  { adapter, extraParameters, outputLimitParameter: given }: Entry,
): CatalogProblem[] {
  const problems = Object.keys(extraParameters).flatMap((name) => {
    const message = whyNotExtra(adapter, name);
    return message === null ? [] : [{ path: `${path}.extraParameters.${name}`, message }];
  });
  if (adapter !== "gemini" || given === undefined) return problems;
  return [...problems, { path: `${path}.outputLimitParameter`, message: "Gemini has a field of its own" }];
}

function whyNotExtra(adapter: AdapterName, name: string): string | null {
  if (isKnownTo(adapter, name)) return "the gateway handles it already, see docs/parameters.md";
  const why = cannotBeAllowed(name);
  return why === null ? null : `it cannot be allowed: ${why}`;
}
