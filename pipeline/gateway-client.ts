import { z } from "zod";
import { STAGES } from "../models/policy/safeguards.ts";
import type { GatewayTotals } from "./reconciliation.ts";

/** What the pipeline asks a gateway, over its public HTTP interface with the admin's token. */
export interface GatewayClient {
  usageOf(userId: string): Promise<unknown>;
  totals(): Promise<GatewayTotals>;
}

const TIMEOUT_MS = 5_000;
const spendWindow = z.object({
  used: z.number(),
  reserved: z.number(),
  limit: z.number(),
  endsAtMs: z.number(),
});
const totals = z.object({
  events: z.number().int(),
  costNano: z.number().int(),
  spend: z
    .object({ stage: z.enum(STAGES), day: spendWindow, week: spendWindow, dayAllows: z.number() })
    .optional(),
});

/** Every call throws when the gateway does not answer: what is not known is not 0. */
export function openGatewayClient({ url, adminToken }: { url: string; adminToken: string }): GatewayClient {
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the gateway answered ${response.status} to ${path.split("?")[0]}`);
    return response.json();
  };
  return {
    usageOf: (userId) => get(`/v1/usage?user=${encodeURIComponent(userId)}`),
    totals: async () => totals.parse(await get("/internal/totals")),
  };
}
