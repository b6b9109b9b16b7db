import { z } from "zod";
import { sqlFile } from "../../../warehouse/sql-file.ts";
import { openApprovals } from "../../approve-decision.ts";
import { checkChain } from "../../decision-chain.ts";
import type { ControlDeps } from "../control-deps.ts";
import { jsonColumn, pageQuery } from "../page.ts";
import { plainRoute, type Route, route } from "../route.ts";
import { showDirective, shownDirective } from "../shown-directive.ts";

const decisionColumns = z.object({
  id: z.string(),
  ts: z.number(),
  rule: z.string(),
  priority: z.string(),
  mode: z.string(),
  condition: z.string(),
  inputs: jsonColumn,
  estimates: jsonColumn,
  outcome: z.string(),
  reason: z.string(),
  action: jsonColumn,
  instruction: jsonColumn,
  directive_id: z.string().nullable(),
  simulated_effect: jsonColumn,
  guard_rails: jsonColumn,
  verified_at: z.number().nullable(),
  verified_effect: jsonColumn,
  verdict: z.string(),
  revoked_by: z.string(),
  revoked_at: z.number(),
  revoke_reason: z.string(),
  catalog_version: z.string(),
});

const shownDecision = z.object({
  id: z.string(),
  ts: z.number(),
  rule: z.string(),
  priority: z.string(),
  mode: z.string(),
  condition: z.string(),
  /** The metrics that the condition read; null = not known then. */
  inputs: z.unknown(),
  /** Of those that are taken from samples: value, low and high (95 %) and sample; null = not kept. */
  estimates: z.unknown(),
  outcome: z.string(),
  reason: z.string(),
  action: z.unknown(),
  instruction: z.unknown(),
  directiveId: z.string().nullable(),
  simulatedEffect: z.unknown(),
  guardRails: z.unknown(),
  verifiedAt: z.number().nullable(),
  verifiedEffect: z.unknown(),
  verdict: z.string().nullable(),
  /** Who took its directive back before it expired; null = nobody. */
  revoked: z.object({ by: z.string(), ts: z.number(), reason: z.string() }).nullable(),
  catalogVersion: z.string(),
});

/** What the automation decided, and why. */
export function decisionRoutes(deps: ControlDeps): Route[] {
  const { warehouse } = deps;
  const approvals = openApprovals(deps);
  return [
    route({
      method: "post",
      path: "/api/decisions/:id/approve",
      summary: "Issue the directive of a decision that waits for approval (automation mode `approve`)",
      status: 201,
      request: z.object({ params: z.object({ id: z.uuid() }) }),
      answer: shownDirective,
      handle: async ({ params }) => {
        const directive = await approvals.approve(params.id);
        return showDirective({ directive, revoked: null }, deps.now());
      },
    }),
    route({
      method: "post",
      path: "/api/decisions/:id/reject",
      summary: "Refuse what a decision that waits for approval would do",
      request: z.object({
        params: z.object({ id: z.uuid() }),
        body: z.strictObject({ reason: z.string().trim().min(1).max(300) }),
      }),
      answer: z.object({ id: z.string(), outcome: z.literal("rejected") }),
      handle: async ({ params, body }) => {
        await approvals.reject(params.id, body.reason);
        return { id: params.id, outcome: "rejected" as const };
      },
    }),
    plainRoute({
      method: "get",
      path: "/api/decisions/verify",
      summary: "Whether the hash-linked history of decisions is as it was written",
      answer: z.object({
        entries: z.number().int(),
        /** The first entry that was changed, added or left out; null = none. */
        brokenAt: z.number().int().nullable(),
        hash: z.string(),
      }),
      handle: () => checkChain(warehouse),
    }),
    route({
      method: "get",
      path: "/api/decisions",
      summary: "Decisions of the automation with their evidence, the latest first",
      request: z.object({ query: pageQuery.extend({ rule: z.string().max(64).default("") }) }),
      answer: z.object({ decisions: z.array(shownDecision) }),
      handle: async ({ query }) => {
        const rows = await warehouse.query({
          sql: sqlFile(new URL("../../queries/decisions.sql", import.meta.url)),
          params: query,
          row: decisionColumns,
        });
        return { decisions: rows.map(showDecision) };
      },
    }),
  ];
}

function showDecision(row: z.output<typeof decisionColumns>): z.input<typeof shownDecision> {
  const {
    directive_id,
    simulated_effect,
    guard_rails,
    verified_at,
    verified_effect,
    revoked_by: by,
    revoked_at: ts,
    revoke_reason: reason,
    catalog_version,
    ...same
  } = row;
  return {
    ...same,
    directiveId: directive_id,
    simulatedEffect: simulated_effect,
    guardRails: guard_rails,
    verifiedAt: verified_at,
    verifiedEffect: verified_effect,
    verdict: row.verdict === "" ? null : row.verdict,
    revoked: by === "" ? null : { by, ts, reason },
    catalogVersion: catalog_version,
  };
}
