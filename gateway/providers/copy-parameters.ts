import type { Handling } from "../../models/domain/parameters/request-parameters.ts";
import { type AdapterCall, type Refusal, refusal } from "./adapter.ts";

export interface CopiedParameters {
  readonly kind: "copied";
  /** A new object, to be completed with what the gateway imposes. */
  readonly fields: Record<string, unknown>;
  /** Names of the target's extra parameters among them. */
  readonly extraParameters: readonly string[];
}

const NONE: readonly string[] = [];

/**
 * The fields that an adapter sends under their own names: what its part of the table says, and what the catalog allows at the target.
 * What is null was not asked for.
 */
export function copyParameters(
  {
    body,
    extra,
    extraParameters,
  }: Pick<AdapterCall<Readonly<Record<string, unknown>>>, "body" | "extra" | "extraParameters">,
  handling: ReadonlyMap<string, Handling>,
): CopiedParameters | Refusal {
  const fields: Record<string, unknown> = {};
  let allowed: string[] | null = null;
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue;
    const how = handling.get(name);
    if (how === "sent") fields[name] = value;
    else if (extraParameters.has(name)) {
      fields[name] = value;
      allowed = [...(allowed ?? NONE), name];
    } else if (how !== "dropped") return refusal(`${name}: this model has no such parameter`);
  }
  if (extra !== null) {
    for (const [name, value] of Object.entries(extra)) {
      if (!extraParameters.has(name))
        return refusal(`${name}: the catalog does not allow this parameter for this model`);
      fields[name] = value;
      allowed = [...(allowed ?? NONE), name];
    }
  }
  return { kind: "copied", fields, extraParameters: allowed ?? NONE };
}
