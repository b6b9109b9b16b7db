import type { Request, Response } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { usageKeys, usageView } from "../../models/policy/usage-view.ts";
import { isAdminToken } from "../admin.ts";
import { bearerToken, readUserId } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { sendJson } from "./send-json.ts";

const SETTLEMENT_WAIT_MS = 1_000;

/** `GET /v1/usage`: what the calling user has used, with everything counted that was answered before. The admin's token may ask, too. */
export async function serveUsage(gateway: Gateway, request: Request, response: Response): Promise<void> {
  const token = bearerToken(request);
  if (!isAdminToken(gateway, token) && (await gateway.directory.appOf(token)) === null) {
    throw new PublicError("invalid_key", "the key is unknown or revoked");
  }
  const query = request.query.user;
  const userId = readUserId(request, { user: typeof query === "string" ? query : null });
  await gateway.recorder.flushed(SETTLEMENT_WAIT_MS);
  const controls = gateway.controls.currentFor(userId);
  const user = gateway.directory.user(userId);
  const tier = controls.tiers.get(user?.tier ?? "") ?? controls.catalog.defaultTier;
  const windows = gateway.windows(gateway.now());
  const states = await gateway.usage.read(usageKeys(userId, windows));
  sendJson(response, 200, usageView({ userId, tier, timezone: controls.catalog.timezone, windows, states }));
}
