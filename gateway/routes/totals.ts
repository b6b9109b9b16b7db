import type { Request, Response } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { globalDailyLimit, lifetimeSpendKey, safeguardKeys } from "../../models/policy/charges.ts";
import { isAdminToken } from "../admin.ts";
import { bearerToken } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { sendJson } from "./send-json.ts";

const SETTLEMENT_WAIT_MS = 1_000;
const NONE = { used: 0, reserved: 0 };

/**
 * `GET /internal/totals`, for the reconciliation: events recorded and nano-dollars settled since the data directory began; and
 * for people: the spend of all users against the limits that admission keeps.
 */
export async function serveTotals(gateway: Gateway, request: Request, response: Response): Promise<void> {
  if (!isAdminToken(gateway, bearerToken(request)))
    throw new PublicError("forbidden", "only the admin's token may ask");
  await gateway.recorder.flushed(SETTLEMENT_WAIT_MS);
  const windows = gateway.windows(gateway.now());
  const keys = safeguardKeys(windows);
  const [lifetime = NONE, day = NONE, week = NONE] = await gateway.usage.read([
    lifetimeSpendKey(),
    keys.day,
    keys.week,
  ]);
  const controls = gateway.controls.current();
  const { dailyBudget, weeklyBudget } = controls.catalog.safeguards;
  sendJson(response, 200, {
    events: await gateway.recorder.events(),
    costNano: lifetime.used,
    spend: {
      stage: gateway.safeguards.stage(),
      day: { ...day, limit: dailyBudget, endsAtMs: windows.day.endMs },
      week: { ...week, limit: weeklyBudget, endsAtMs: windows.week.endMs },
      /** What the day's spend may come to with an emergency budget in force. */
      dayAllows: globalDailyLimit(controls),
    },
  });
}
