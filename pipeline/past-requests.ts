import { z } from "zod";
import { capability } from "../models/domain/capability.ts";
import { outcome } from "../models/domain/request-event.ts";
import type { PastRequest } from "../models/simulation/past-request.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

export interface PastSpan {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Of more requests, the latest ones are read. */
  readonly limit: number;
}

const count = z.number().int().nonnegative();

const pastRow = z.object({
  ts: count,
  user_id: z.string(),
  tier: z.string(),
  feature: z.string(),
  requested_model: z.string(),
  needs: z.array(capability),
  provider: z.string(),
  first_provider: z.string(),
  route_reason: z.string(),
  outcome,
  denial_reason: z.string(),
  latency_ms: z.number(),
  input_tokens: count,
  cached_input_tokens: count,
  output_tokens: count,
  reasoning_tokens: count,
  cost: count,
  cache_saved: count,
  source: z.enum(["live", "simulated"]),
  rating: z.number(),
});

/** Requests of a span, ascending by time, with what was said of their answers. */
export async function readPastRequests(
  warehouse: Warehouse,
  { fromMs, untilMs, limit }: PastSpan,
): Promise<PastRequest[]> {
  return warehouse.query({
    sql: sqlFile(new URL("./queries/past-requests.sql", import.meta.url)),
    params: { from: fromMs, until: untilMs, limit },
    row: pastRow,
  });
}
