import type { Logger } from "pino";
import type { EventId, RequestId } from "../models/domain/ids.ts";
import type { Windows } from "../models/policy/charges.ts";
import type { ResponseCache } from "./cache/response-cache.ts";
import type { Cohort } from "./cohort.ts";
import type { Conditions } from "./conditions.ts";
import type { ControlState } from "./control-state.ts";
import type { Directory } from "./directory.ts";
import type { FeedbackLog } from "./feedback-log.ts";
import type { ProviderHealth } from "./health/provider-health.ts";
import type { LoadSwitch } from "./load-switch.ts";
import type { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import type { OverBounds } from "./over-bounds.ts";
import type { OwnRequests } from "./own-requests.ts";
import type { ProviderClients } from "./providers/provider-clients.ts";
import type { RecentQuestions } from "./quality/recent-questions.ts";
import type { Recorder } from "./recorder.ts";
import type { Room } from "./room.ts";
import type { SafeguardLadder } from "./safeguard-ladder.ts";
import type { Tracing } from "./tracing/tracing.ts";
import type { UsageStore } from "./usage-store.ts";
import type { SlotLimits, WorkSlots } from "./work-slots.ts";

/** What a running gateway is made of; the request path gets it whole. Built in `start-gateway.ts`. */
export interface Gateway {
  readonly directory: Directory;
  readonly controls: ControlState;
  readonly usage: UsageStore;
  readonly recorder: Recorder;
  readonly conditions: Conditions;
  readonly safeguards: SafeguardLadder;
  readonly load: LoadSwitch;
  readonly overBounds: OverBounds;
  readonly slots: WorkSlots;
  /** Requests whose bodies are there. */
  readonly arrivals: Cohort;
  readonly room: Room;
  readonly providers: ProviderClients;
  readonly health: ProviderHealth;
  readonly cache: ResponseCache;
  readonly metrics: GatewayMetrics;
  readonly questions: RecentQuestions;
  readonly ownRequests: OwnRequests;
  /** Null: nobody wants traces. */
  readonly tracing: Tracing | null;
  readonly feedback: FeedbackLog;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic milliseconds, for durations. */
  readonly monotonicMs: () => number;
  /** Calendar windows of a moment in the catalog's time zone. */
  readonly windows: (atMs: number) => Windows;
  /** 0-23, what the clock on the wall shows in the catalog's time zone. */
  readonly hourOfDay: (atMs: number) => number;
  readonly newIds: () => { eventId: EventId; requestId: RequestId };
  /** SHA-256 (hex) of the admin's token, which may read any user's usage. */
  readonly adminTokenSha256: string;
  readonly limits: GatewayLimits;
}

export interface GatewayLimits extends SlotLimits {
  readonly maxBodyBytes: number;
  /** Calls for one request. */
  readonly maxHops: number;
  /** How long a stream whose client has gone is read on for its usage. */
  readonly drainMs: number;
  /** How long one request may take at most, all its calls together. */
  readonly deadlineMs: number;
  /** Calls to one provider under way at once: one that hangs must not take every slot. */
  readonly maxCallsPerProvider: number;
  /** Of fewer calls to a provider in half a minute, its breaker concludes nothing. */
  readonly breakerMinCalls: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  maxBodyBytes: 4 << 20,
  maxInFlight: 4_000,
  freeShare: 0.8,
  maxWaiting: 1_000,
  maxWaitMs: 5_000,
  maxOpen: 6_000,
  maxHops: 3,
  drainMs: 10_000,
  deadlineMs: 180_000,
  maxCallsPerProvider: 2_000,
  breakerMinCalls: 6,
};
