/**
 * What OpenAI would otherwise take from the account's settings: a service tier, which has a price of its own, and whether it keeps
 * what it is sent. `flex` is cheaper, and billed as if it were not.
 */
export function imposeAccount(
  fields: Record<string, unknown>,
  { service_tier: tier }: { readonly service_tier?: string | null | undefined },
): void {
  fields.service_tier = tier === "flex" ? "flex" : "default";
  fields.store = false;
}
