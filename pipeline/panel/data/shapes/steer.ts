import * as z from "zod/mini";
import { maybeNumber, record } from "./common.ts";

export const directive = z.object({
  id: z.string(),
  kind: z.string(),
  params: record,
  reason: z.string(),
  issuedBy: z.object({ type: z.string(), name: z.string() }),
  issuedAt: z.number(),
  expiresAt: z.number(),
  state: z.string(),
  revoked: z.nullable(z.object({ ts: z.number(), by: z.string(), reason: z.string() })),
});
export type ShownDirective = z.output<typeof directive>;

export const directives = z.object({ active: z.array(directive), past: z.array(directive) });

/** What a directive would have changed in the last hours; null = there were no requests. */
export const whatif = z.object({
  hours: z.number(),
  effect: z.nullable(
    z.object({
      requests: z.number(),
      users: z.number(),
      usersAffected: z.number(),
      newlyDenied: z.number(),
      newlyAdmitted: z.number(),
      premiumDeniedShare: z.number(),
      cost: z.object({ before: z.number(), after: z.number(), changeShare: maybeNumber }),
      latencyChangeMs: maybeNumber,
      satisfactionChange: maybeNumber,
      confidence: z.number(),
    }),
  ),
});
export type WhatIf = z.output<typeof whatif>;

export const safeguards = z.object({
  active: z.array(
    z.object({
      id: z.string(),
      condition: z.string(),
      subject: z.string(),
      state: z.string(),
      reason: z.string(),
      beganAt: z.number(),
    }),
  ),
});

export const alert = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  severity: z.string(),
  status: z.string(),
  openedAt: z.number(),
  resolvedAt: maybeNumber,
  message: z.string(),
});
export type Alert = z.output<typeof alert>;

export const alerts = z.object({ alerts: z.array(alert) });

export const silences = z.object({
  silences: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      subject: z.string(),
      until: z.number(),
      reason: z.string(),
    }),
  ),
});

export const actions = z.object({
  actions: z.array(
    z.object({
      id: z.string(),
      ts: z.number(),
      role: z.string(),
      via: z.string(),
      session: z.string(),
      address: z.string(),
      action: z.string(),
      method: z.string(),
      path: z.string(),
      subject: z.string(),
      details: z.unknown(),
      status: z.number(),
      error: z.string(),
    }),
  ),
});
export type ShownAction = z.output<typeof actions>["actions"][number];
