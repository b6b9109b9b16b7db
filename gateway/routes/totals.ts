import type { Request, Response } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { lifetimeSpendKey } from "../../models/policy/charges.ts";
import { isAdminToken } from "../admin.ts";
import { bearerToken } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { sendJson } from "./send-json.ts";

const SETTLEMENT_WAIT_MS = 1_000;

/** `GET /internal/totals`, for the reconciliation: events recorded and nano-dollars settled since the data directory began. */
export async function serveTotals(gateway: Gateway, request: Request, response: Response): Promise<void> {
  if (!isAdminToken(gateway, bearerToken(request)))
    throw new PublicError("forbidden", "only the admin's token may ask");
  await gateway.recorder.flushed(SETTLEMENT_WAIT_MS);
  const [spend] = await gateway.usage.read([lifetimeSpendKey()]);
  sendJson(response, 200, { events: await gateway.recorder.events(), costNano: spend?.used ?? 0 });
}
