import { z } from "zod";
import { UserError } from "../../runtime/user-error.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** A user's account: what the gateway counts, and what the warehouse has of it. Money in nano-dollars unless a field says usd. */
export interface Account {
  readonly usage: Usage;
  /** The latest first. */
  readonly charges: readonly Charge[];
  readonly totals: Totals;
}

export interface AccountQuestion {
  readonly user: string;
  readonly limit: number;
  /** Also what was refused. */
  readonly denied: boolean;
  readonly warehouse: Warehouse;
  readonly gatewayUrl: string;
  readonly adminToken: string;
}

/** A problem that the caller can mend; the message says how. */
export class UsageError extends UserError {}

const TIMEOUT_MS = 10_000;

const scope = z.object({
  unit: z.enum(["requests", "usd"]),
  used: z.number(),
  reserved: z.number(),
  limit: z.number().nullable(),
  requests: z.number(),
  resetsAt: z.string(),
});
const usage = z.object({
  user: z.string(),
  tier: z.string(),
  timezone: z.string(),
  scopes: z.object({ day: scope, week: scope, month: scope }),
  dailyRequestsUsed: z.number(),
  weeklyRequestsUsed: z.number(),
  monthlyRequestsUsed: z.number(),
  lastResetDate: z.string(),
});
export type Usage = z.infer<typeof usage>;

const charge = z.object({
  ts: z.number(),
  requestId: z.string(),
  tier: z.string(),
  provider: z.string(),
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  costNano: z.number(),
  outcome: z.string(),
  reason: z.string(),
  attempts: z.number(),
});
export type Charge = z.infer<typeof charge>;

const totals = z.object({
  requests: z.number(),
  denied: z.number(),
  costNano: z.number(),
  todayNano: z.number(),
  weekNano: z.number(),
  monthNano: z.number(),
});
export type Totals = z.infer<typeof totals>;

/** Throws {@link UsageError} when the gateway does not answer, WarehouseError when the warehouse does not. */
export async function readAccount(question: AccountQuestion): Promise<Account> {
  const { user, limit, denied, warehouse } = question;
  const found = await askGateway(question);
  const [sums] = await warehouse.query({
    sql: sqlFile(new URL("./totals.sql", import.meta.url)),
    params: { user, timezone: found.timezone },
    row: totals,
  });
  const charges = await warehouse.query({
    sql: sqlFile(new URL("./charges.sql", import.meta.url)),
    params: { user, limit, denied: denied ? 1 : 0 },
    row: charge,
  });
  if (sums === undefined) throw new Error("a sum without a group has always one row");
  return { usage: found, charges, totals: sums };
}

async function askGateway({ user, gatewayUrl, adminToken }: AccountQuestion): Promise<Usage> {
  const url = `${gatewayUrl.replace(/\/+$/, "")}/v1/usage?user=${encodeURIComponent(user)}`;
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new UsageError(
      `the gateway at ${gatewayUrl} does not answer; \`npm start\` starts it, GATEWAY_PORT or --gateway says where it is`,
      { cause },
    );
  }
  if (response.status === 401 || response.status === 403) {
    throw new UsageError(
      "the gateway does not take this admin token: set ADMIN_TOKEN, or VIGOR_DATA_DIR to the gateway's data directory",
    );
  }
  if (!response.ok) throw new UsageError(`the gateway answered ${response.status}`);
  return usage.parse(await response.json());
}
